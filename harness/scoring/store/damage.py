"""Which rows of a store are not as they were written, in one line."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import DamagedStoreError
from harness.scoring.store.file import one_line, one_moment
from harness.scoring.store.format import SCORE_COLUMNS, is_whole, run_checksum, score_checksum, setting_checksum
from harness.scoring.store.origins import Origins

MOST_NAMED = 20
"""Damaged rows that are named; all are counted."""


@dataclass
class Found:
    """What a look through all rows gives.

    Attributes:
        rows: how many were read.
        damaged: how many of them have a checksum that is not theirs.
        named: the first of those, in words.
        totals: number of rows and sum of their checksums, by the key of their row in the table `total`.
        uneven: what is counted otherwise in the table `total`, in words.
    """

    rows: int = 0
    damaged: int = 0
    named: list[str] = field(default_factory=list)
    totals: dict[tuple[Any, ...], tuple[int, int]] = field(default_factory=dict)
    uneven: list[str] = field(default_factory=list)

    def count(self, total: tuple[Any, ...], checksum: Any, whole: bool, name: str) -> None:
        """Count a row, and name it if it is not whole.

        Args:
            total: key of its row in the table `total`.
            checksum: that it has, whatever it is.
            whole: whether it is the row's own.
            name: of the row, in words.
        """
        rows, checksums = self.totals.get(total, (0, 0))
        self.totals[total] = (rows + 1, checksums + (checksum if isinstance(checksum, int) else 0))
        self.rows += 1
        if not whole:
            self.name(name)

    def name(self, name: str) -> None:
        """Count a damaged row, and name it if it is among the first."""
        self.damaged += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(name)


def damage(connection: sqlite3.Connection, path: Path) -> DamagedStoreError:
    """The error that names the first damaged row of a store, and says how many there are in all.

    Args:
        connection: to the store; all its rows are read, outside any transaction or inside the one that is open.
        path: the store, as the message names it.
    """
    found = look_through(connection)
    if found.damaged:
        problem = f"is damaged in {found.damaged:,} of {found.rows:,} rows, first in {found.named[0]}"
    elif found.uneven:
        problem = f"has lost rows: {len(found.uneven):,} of its counts do not hold, first that of {found.uneven[0]}"
    else:
        problem = "gives other rows when it is read again: its disk, or the memory, may be failing"
    return DamagedStoreError(f"{path} {problem}: use a whole copy of the store, or score anew into another one")


def look_through(connection: sqlite3.Connection) -> Found:
    """Read all rows of a store, and compare them with their checksums and with the totals.

    Args:
        connection: to the store, outside any transaction or inside the one that is open.
    """
    with _any_text(connection), one_moment(connection):
        found = _rows_found(connection)
        expected = {row[:4]: row[4:] for row in connection.execute("SELECT * FROM total")}
    uneven = [key for key in {**expected, **found.totals} if found.totals.get(key, (0, 0)) != expected.get(key)]
    found.uneven = [_counted(key) for key in uneven]
    return found


def _rows_found(connection: sqlite3.Connection) -> Found:
    found = Found()
    starts: dict[Any, Any] = {}
    for number, *row in connection.execute("SELECT id, space, setting, torch, checksum FROM setting"):
        whole = is_whole(setting_checksum, *row)
        if whole:
            starts[number] = row[-1]
        found.count(("setting", 0, "", ""), row[-1], whole, f"setting {number}, of {one_line(row[0])}")
    for setting, *row in connection.execute(
        "SELECT setting_id, id, started, proxies, architectures, checksum FROM run"
    ):
        whole = is_whole(run_checksum, starts.get(setting), *row)
        found.count(("run", 0, "", ""), row[-1], whole, f"run {row[0]}")
    for setting, *row in connection.execute(f"SELECT setting_id, {SCORE_COLUMNS}, checksum FROM score"):
        whole = is_whole(score_checksum, starts.get(setting), *row)
        architecture, proxy, version = row[:3]
        name = f"the score of {one_line(proxy)} for {one_line(architecture)}, setting {one_line(setting)}"
        found.count(("score", setting, proxy, version), row[-1], whole, name)
    for setting, architecture, whole in Origins(connection).checked(starts):
        found.rows += 1
        if not whole:
            found.name(f"the machine of scores for {one_line(architecture)}, setting {one_line(setting)}")
    return found


@contextlib.contextmanager
def _any_text(connection: sqlite3.Connection) -> Iterator[None]:
    """Let what damage made of a text be read: what is no UTF-8 becomes half surrogates, which no checksum takes."""
    before = connection.text_factory
    connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = before


def _counted(total: tuple[Any, ...]) -> str:
    counted, setting, proxy, version = map(one_line, total)
    return f"scores of {proxy}, version {version}, in setting {setting}" if counted == "score" else f"{counted}s"
