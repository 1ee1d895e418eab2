"""The file of timings: SQLite, a transaction each, so that a kill at any moment loses the timing under way alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.errors import StoreError, StoreWriteError
from harness.scoring.timing.rounds import Visit
from harness.text.shown import plain, shown

_APPLICATION_ID = 0x6C61746E  # "latn"
_TABLES = (
    "CREATE TABLE identity (json TEXT NOT NULL)",
    "CREATE TABLE times (architecture TEXT NOT NULL, series INTEGER NOT NULL, round INTEGER NOT NULL, "
    "seconds REAL NOT NULL, PRIMARY KEY (architecture, series, round)) WITHOUT ROWID",
    f"PRAGMA application_id = {_APPLICATION_ID}",
)


class TimingStore:
    """Timings of one set of architectures under one setting on one machine.

    Args:
        path: SQLite file; made if it is not there.
        identity: all that timings of one file have in common, by name.

    Raises:
        StoreError: a file of another program or of other timings (naming the differences), or one that cannot be used.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self._path = path
        with _in_words(path, StoreError):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None)
        try:
            with _in_words(path, StoreError):
                self._begin(identity)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> TimingStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def times(self) -> dict[Visit, dict[int, float]]:
        """Seconds by architecture and series, then by round."""
        found: dict[Visit, dict[int, float]] = {}
        with _in_words(self._path, StoreError):
            rows = self._connection.execute("SELECT architecture, series, round, seconds FROM times").fetchall()
        for architecture, series, number, seconds in rows:
            found.setdefault(Visit(architecture, series), {})[number] = seconds
        return found

    def add(self, visit: Visit, number: int, seconds: float) -> None:
        """Keep one timing, of a round.

        Raises:
            StoreWriteError: where it cannot be written; those before are kept.
        """
        with _in_words(self._path, StoreWriteError):
            self._connection.execute("INSERT OR IGNORE INTO times VALUES (?, ?, ?, ?)", (*visit, number, seconds))

    def _begin(self, identity: Mapping[str, Any]) -> None:
        wanted = json.dumps(identity, sort_keys=True)
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            if not self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for statement in _TABLES:
                    self._connection.execute(statement)
                self._connection.execute("INSERT INTO identity VALUES (?)", (wanted,))
            elif self._connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
                raise StoreError(f"{self._path} is a database of another program, not of timings: give another path")
            found = "".join(row[0] for row in self._connection.execute("SELECT json FROM identity"))
        finally:
            self._connection.execute("COMMIT")
        if found != wanted:
            raise StoreError(_difference(self._path, json.loads(found), json.loads(wanted)))  # no JSON: a ValueError


def _difference(path: Path, there: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    names = [name for name in dict.fromkeys((*asked, *there)) if there.get(name) != asked.get(name)]
    told = "; ".join(f"its {name} is {shown(there.get(name))}, asked for is {shown(asked.get(name))}" for name in names)
    return f"{path} holds other timings: {told}. Give the same options to go on with it, or another file"


@contextmanager
def _in_words(path: Path, kind: type[StoreError] | type[StoreWriteError]) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, ValueError) as error:  # a path may be no text of this system
        raise kind(f"{plain(str(path), 300)} cannot be used as a file of timings: {plain(str(error))}") from error
