"""Rows of a store, read with their checksums verified and written with them."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import DamagedStoreError
from harness.scoring.store.damage import Found, damage, look_through
from harness.scoring.store.format import (
    SCORE_COLUMNS,
    are_whole,
    is_whole,
    run_checksum,
    score_checksum,
    setting_checksum,
)

_PUT_SCORE = "INSERT OR REPLACE INTO score VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_THERE = (
    "SELECT proxy, version, coalesce(CAST(checksum AS INTEGER), 0) FROM score WHERE setting_id = ? AND architecture = ?"
)
_EXPECTED = "SELECT coalesce(sum(rows), 0), coalesce(sum(checksums), 0) FROM total WHERE "
_OF_ONE_GPU = re.compile(r'("device": "cuda):[0-9]+(?=")')
PART = 10_000
"""Rows that are held in memory at once where all are gone through."""
_ADD_TO_TOTAL = (
    "INSERT INTO total VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (counted, setting_id, proxy, version) "
    "DO UPDATE SET rows = rows + excluded.rows, checksums = checksums + excluded.checksums"
)


class SettingRow(NamedTuple):
    """A row of the table `setting`.

    Attributes:
        space: name of the space.
        setting: the setting's text.
        torch: version of torch.
        checksum: where those of the rows under this setting begin.
    """

    space: str
    setting: str
    torch: str
    checksum: int

    @property
    def identity(self) -> tuple[str, str, str]:
        """What its rows may be compared under: scores of several GPUs are of one kind (`harness.setting.device_kind`).

        Older releases have made a setting for each GPU.
        """
        return self.space, _OF_ONE_GPU.sub(r"\1", self.setting), self.torch


class RunRow(NamedTuple):
    """A row of the table `run`, all texts as they are stored.

    Attributes:
        number: of the run, from 1.
        started: UTC time.
        setting_id: number of its setting.
        proxies: what it was to score by.
        architectures: what it was to score.
        checksum: of all this.
    """

    number: int
    started: str
    setting_id: int
    proxies: str
    architectures: str
    checksum: int


class Rows:
    """The rows of an open store. Who reads or writes opens the transaction.

    Args:
        connection: to a store of this version.
        path: its file, as messages name it.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def settings(self) -> dict[int, SettingRow]:
        """All settings, by number, in its order."""
        found = self._fetched("SELECT id, space, setting, torch, checksum FROM setting ORDER BY id")
        self._check(all(is_whole(setting_checksum, *row[1:]) for row in found), found, "counted = 'setting'")
        return {number: SettingRow(*row) for number, *row in found}

    def runs(self, settings: dict[int, SettingRow]) -> list[RunRow]:
        """All runs, the oldest first."""
        return list(self.each_run(settings))

    def each_run(self, settings: dict[int, SettingRow]) -> Iterator[RunRow]:
        """The runs one after the other, the oldest first; what is lost is noticed at the end.

        A run of a large space has millions of bytes.
        """
        query = "SELECT id, started, setting_id, proxies, architectures, checksum FROM run ORDER BY id"
        count, checksums = 0, 0
        with self._named():
            for row in self._connection.execute(query):
                run = RunRow(*row)
                setting = settings.get(run.setting_id)
                fields = run.number, run.started, run.proxies, run.architectures, run.checksum
                if setting is None or not is_whole(run_checksum, setting.checksum, *fields):
                    raise self.damage()
                count, checksums = count + 1, checksums + run.checksum
                yield run
        self._expect("counted = 'run'", (count, checksums))

    def scores(
        self, setting_id: int, setting: SettingRow, proxies: Mapping[str, str] | None = None
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Scores under a setting, in parts that are whole architectures each, in the order of the architectures' bytes.

        A row is `SCORE_COLUMNS` and the checksum. What is lost is noticed at the end.

        Args:
            setting_id: number of the setting.
            setting: the setting's row.
            proxies: name of a proxy to its version, to read the scores by these alone; None for all.
        """
        if proxies is not None and not proxies:
            return
        where, values = "setting_id = ?", [setting_id, *(text for each in (proxies or {}).items() for text in each)]
        if proxies is not None:
            where += f" AND (proxy, version) IN (VALUES {', '.join(['(?, ?)'] * len(proxies))})"
        query = f"SELECT {SCORE_COLUMNS}, checksum FROM score WHERE {where} ORDER BY architecture"
        rows, checksums, part = 0, 0, list[tuple[Any, ...]]()
        with self._named():
            for row in self._connection.execute(query, values):
                if len(part) >= PART and row[0] != part[-1][0]:
                    yield self._whole(setting, part)
                    part = []
                part.append(row)
                rows += 1
                checksums += row[-1] if isinstance(row[-1], int) else 0
        yield self._whole(setting, part)
        self._expect(f"counted = 'score' AND {where}", (rows, checksums), *values)

    def scores_of(self, setting_id: int, setting: SettingRow, architecture: str) -> list[tuple[Any, ...]]:
        """All scores of an architecture under a setting, as `scores` gives them; what is lost is not noticed."""
        query = f"SELECT {SCORE_COLUMNS}, checksum FROM score WHERE setting_id = ? AND architecture = ?"
        return self._whole(setting, self._fetched(query, setting_id, architecture))

    def counts(self) -> list[tuple[int, str, str, int]]:
        """Setting, proxy, version, and how many scores there are of it."""
        return self._fetched("SELECT setting_id, proxy, version, rows FROM total WHERE counted = 'score' AND rows")

    def add_setting(self, number: int, space: str, setting: str, torch: str) -> None:
        """Enter a setting under a number that is free."""
        checksum = setting_checksum(space, setting, torch)
        self._connection.execute(
            "INSERT INTO setting VALUES (?, ?, ?, ?, ?)", (number, space, setting, torch, checksum)
        )
        self._connection.execute(_ADD_TO_TOTAL, ("setting", 0, "", "", 1, checksum))

    def add_run(self, run: RunRow) -> None:
        """Enter a run under a number that is free."""
        self._connection.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)", run)
        self._connection.execute(_ADD_TO_TOTAL, ("run", 0, "", "", 1, run.checksum))

    def put_scores(self, setting_id: int, of_setting: int, rows: Iterable[tuple[Any, ...]]) -> None:
        """Enter scores, each in the place of one that is there already.

        Args:
            setting_id: number of their setting.
            of_setting: checksum of their setting.
            rows: `SCORE_COLUMNS`.
        """
        new = {row[:3]: (*row, score_checksum(of_setting, *row)) for row in rows}
        there: dict[tuple[Any, ...], int] = {}
        for architecture in dict.fromkeys(architecture for architecture, _, _ in new):
            for proxy, version, checksum in self._connection.execute(_THERE, (setting_id, architecture)):
                there[architecture, proxy, version] = checksum
        self._put(setting_id, new.values(), there)

    def put_whole(
        self, setting_id: int, rows: Sequence[tuple[Any, ...]], there: Mapping[tuple[Any, ...], tuple[Any, ...]]
    ) -> None:
        """Enter scores with the checksums that they have, each once.

        Args:
            setting_id: number of their setting.
            rows: as `scores` gives them.
            there: by architecture, proxy and version, the rows that they may replace.
        """
        self._put(setting_id, rows, {key: row[-1] for key, row in there.items()})

    def _put(self, setting_id: int, rows: Iterable[tuple[Any, ...]], there: Mapping[tuple[Any, ...], int]) -> None:
        """Enter scores with their checksums, and correct the totals by the checksums of those that were there."""
        changes: dict[tuple[Any, ...], tuple[int, int]] = {}
        for row in rows:
            key = row[:3]
            count, checksums = changes.get(key[1:], (0, 0))
            changes[key[1:]] = (count + (key not in there), checksums + row[-1] - there.get(key, 0))
        self._connection.executemany(_PUT_SCORE, ((setting_id, *row) for row in rows))
        totals = (("score", setting_id, *proxy, *change) for proxy, change in changes.items())
        self._connection.executemany(_ADD_TO_TOTAL, totals)

    def looked_through(self) -> Found:
        """All rows compared with their checksums and counts."""
        return look_through(self._connection)

    def damage(self) -> DamagedStoreError:
        """The error that says which rows are damaged."""
        return damage(self._connection, self._path)

    def _fetched(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._named():
            return self._connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Name the damage that makes a text unreadable."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if "decode" not in str(error):
                raise
            raise self.damage() from error

    def _whole(self, setting: SettingRow, part: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        if not are_whole(setting.checksum, part):
            raise self.damage()
        return part

    def _check(self, whole: bool, rows: Sequence[tuple[Any, ...]], where: str, *values: object) -> None:
        """Raise the damage unless the rows are whole, and as many as the rows of `total` under the condition say."""
        if not whole:
            raise self.damage()
        self._expect(where, (len(rows), sum(row[-1] for row in rows)), *values)

    def _expect(self, where: str, found: tuple[int, int], *values: object) -> None:
        """Raise the damage unless the rows of `total` under a condition count as many rows, with the same checksums."""
        if self._fetched(_EXPECTED + where, *values) != [found]:
            raise self.damage()
