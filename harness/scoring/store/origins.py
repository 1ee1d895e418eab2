"""Which machine made the scores of a store, as far as it is known."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from harness.scoring.store.format import ORIGIN_SCHEMA, is_whole, made_checksum

Names = Set[tuple[str, str]]
"""Names of proxies with their versions."""
_THERE = (
    "SELECT origin_id, machine, proxies FROM made JOIN origin ON origin_id = origin.id "
    "WHERE setting_id = ? AND architecture = ?"
)
_COUNTS = "SELECT machine, proxies, count(*) FROM made JOIN origin ON origin_id = origin.id GROUP BY origin_id"
_EVERY = "SELECT setting_id, architecture, machine, proxies, checksum FROM made JOIN origin ON origin_id = origin.id"


class Origins:
    """The machines of an open store's scores. Who reads or writes opens the transaction.

    Args:
        connection: to a store of this version, with or without the tables for it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def known(self) -> bool:
        """Whether the store has the tables for it."""
        query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'made'"
        return bool(self._connection.execute(query).fetchone()[0])

    def put(self, setting_id: int, of_setting: int, made: Mapping[str, Names], machine: str | None) -> None:
        """Enter the machine that made some scores, in place of what is known of them.

        Args:
            setting_id: number of their setting.
            of_setting: checksum of their setting.
            made: the proxies by architecture.
            machine: its name; None where it is not known.
        """
        if not self.known:
            if machine is None:
                return
            for statement in ORIGIN_SCHEMA.split(";"):
                self._connection.execute(statement)
        for architecture, names in made.items():
            self._forget(setting_id, of_setting, architecture, names)
            if machine is not None:
                self._enter(setting_id, of_setting, architecture, names, machine)

    def put_each(
        self, setting_id: int, of_setting: int, scores: Iterable[tuple[str, str, str]], machines: Iterable[str | None]
    ) -> None:
        """Enter the machine that made each score, as `put` does.

        Args:
            setting_id: number of their setting.
            of_setting: checksum of their setting.
            scores: architecture, proxy and version of each.
            machines: name of the machine of each; None where it is not known.
        """
        made: dict[str | None, dict[str, set[tuple[str, str]]]] = {}
        for (architecture, proxy, version), machine in zip(scores, machines, strict=True):
            made.setdefault(machine, {}).setdefault(architecture, set()).add((proxy, version))
        for machine, names in made.items():
            self.put(setting_id, of_setting, names, machine)

    def of(self, setting_id: int, architectures: Iterable[str]) -> dict[str, dict[tuple[str, str], str]]:
        """The machines that made the scores of some architectures: by architecture, and by proxy and version.

        Args:
            setting_id: number of the setting.
            architectures: keys of the rows; one of which nothing is known has no machines.
        """
        known = self.known
        found: dict[str, dict[tuple[str, str], str]] = {}
        for architecture in architectures:
            rows = self._connection.execute(_THERE, (setting_id, architecture)) if known else ()
            found[architecture] = {name: machine for _, machine, proxies in rows for name in _names(proxies)}
        return found

    def counted(self) -> dict[str, int]:
        """Number of scores by the machine that made them."""
        counts: dict[str, int] = {}
        if self.known:
            for machine, proxies, rows in self._connection.execute(_COUNTS):
                counts[machine] = counts.get(machine, 0) + rows * len(json.loads(proxies))
        return counts

    def checked(self, starts: Mapping[int, int]) -> Iterator[tuple[int, str, bool]]:
        """Setting and architecture of each row, and whether it is as it was written.

        Args:
            starts: checksums of the settings, by number.
        """
        if self.known:
            for setting, *row in self._connection.execute(_EVERY):
                yield setting, row[0], is_whole(made_checksum, starts.get(setting), *row)

    def _forget(self, setting_id: int, of_setting: int, architecture: str, names: Names) -> None:
        for number, machine, proxies in self._connection.execute(_THERE, (setting_id, architecture)).fetchall():
            before = _names(proxies)
            if before & names:
                key = setting_id, architecture, number
                self._connection.execute(
                    "DELETE FROM made WHERE setting_id = ? AND architecture = ? AND origin_id = ?", key
                )
                if before - names:
                    self._enter(setting_id, of_setting, architecture, before - names, machine)

    def _enter(self, setting_id: int, of_setting: int, architecture: str, names: Names, machine: str) -> None:
        proxies = _text(names)
        query = "SELECT id FROM origin WHERE machine = ? AND proxies = ?"
        found = self._connection.execute(query, (machine, proxies)).fetchone()
        if found is None:
            insert = "INSERT INTO origin (machine, proxies) VALUES (?, ?)"
            found = (self._connection.execute(insert, (machine, proxies)).lastrowid,)
        checksum = made_checksum(of_setting, architecture, machine, proxies)
        row: tuple[Any, ...] = (setting_id, architecture, *found, checksum)
        self._connection.execute("INSERT OR REPLACE INTO made VALUES (?, ?, ?, ?)", row)


def _text(names: Iterable[tuple[str, str]]) -> str:
    return json.dumps(sorted(names))


def _names(text: str) -> set[tuple[str, str]]:
    return {(name, version) for name, version in json.loads(text)}
