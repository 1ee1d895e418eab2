"""The store: scores in one SQLite file, a transaction a result, so that a kill loses only what was in flight."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import SettingError, StoreError, StoreWriteError
from harness.scoring.scorer import DIED, OK, OUT_OF_MEMORY, STATUSES, Score
from harness.setting import Setting

if TYPE_CHECKING:
    import pandas as pd

    from harness.proxies.registry import Proxy

VERSION = 1
PATIENCE = 30.0
"""Seconds to wait for another writer."""

_APPLICATION_ID = 0x4E415349  # "NASI": tells our files from other SQLite files
_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (
    id INTEGER PRIMARY KEY, space TEXT NOT NULL, setting TEXT NOT NULL, torch TEXT NOT NULL,
    UNIQUE (space, setting, torch)
);
CREATE TABLE IF NOT EXISTS score (
    setting_id INTEGER NOT NULL REFERENCES setting, architecture TEXT NOT NULL, proxy TEXT NOT NULL,
    version TEXT NOT NULL, value REAL, standard_error REAL, status TEXT NOT NULL, message TEXT NOT NULL,
    seconds REAL NOT NULL, PRIMARY KEY (setting_id, architecture, proxy, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS run (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, setting_id INTEGER NOT NULL REFERENCES setting,
    proxies TEXT NOT NULL, architectures TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class RunRecord:
    """What a run was asked for.

    Attributes:
        number: its number in the store, from 1.
        started: UTC time, ISO 8601.
        setting_id: number of its setting in the store.
        space: name of the space.
        setting: of all its scores.
        torch: the torch version that computed them.
        proxies: name to version, in the order asked for.
        size_proxies: those whose row stands under the architecture's own key.
        scored_as: architecture key to the key under which all other proxies' rows stand.
    """

    number: int
    started: str
    setting_id: int
    space: str
    setting: Setting
    torch: str
    proxies: dict[str, str]
    size_proxies: frozenset[str]
    scored_as: dict[str, str]


class Store:
    """Scores on disk. Only the driver of a run writes; any number of readers may look on.

    Args:
        path: the SQLite file; made if it is not there.

    Raises:
        StoreError: if the file cannot be made or opened, is no store, or is one of another version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.parent.is_dir():
            raise StoreError(f"cannot make the store {self.path}: there is no folder {self.path.parent}")
        with self._explained("open"):
            self._connection = sqlite3.connect(self.path, isolation_level=None, timeout=PATIENCE)
            try:
                self._check_or_make()
            except BaseException:
                self._connection.close()
                raise

    def _check_or_make(self) -> None:
        self._check_whole()
        application = self._connection.execute("PRAGMA application_id").fetchone()[0]
        tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application == 0 and tables == 0:
            with self._transaction():
                for statement in _SCHEMA.split(";"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                self._connection.execute(f"PRAGMA user_version = {VERSION}")
            return
        if application != _APPLICATION_ID:
            raise StoreError(f"{self.path} is a database of another program, not a store of scores: give another path")
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            raise StoreError(
                f"{self.path} is a store of version {version}; this release reads version {VERSION}. "
                "Nothing in it was changed: give another path, or use the release that wrote it"
            )

    def _check_whole(self) -> None:
        """Refuse a file that was cut inside its last page: SQLite reads the rest of that page as zeros, silently."""
        expected = (
            self._connection.execute("PRAGMA page_count").fetchone()[0]
            * self._connection.execute("PRAGMA page_size").fetchone()[0]
        )
        if self.path.is_file() and (size := self.path.stat().st_size) < expected:
            raise StoreError(
                f"{self.path} is cut: it has {size:,} of {expected:,} bytes. It was not changed: give another path, "
                "or a whole copy of it"
            )

    def setting_id(self, space: str, setting: Setting, torch_version: str) -> int:
        """Number of a setting, entered if it is new."""
        row = (space, setting.json(), torch_version)
        with self._explained("write"), self._transaction():
            self._connection.execute("INSERT OR IGNORE INTO setting (space, setting, torch) VALUES (?, ?, ?)", row)
            found = self._connection.execute(
                "SELECT id FROM setting WHERE space = ? AND setting = ? AND torch = ?", row
            ).fetchone()
        return int(found[0])

    def begin_run(self, setting_id: int, proxies: Iterable[Proxy], scored_as: Mapping[str, str]) -> int:
        """Record what a run is asked for, so that readers know its architectures; its number."""
        asked = [[proxy.name, proxy.version, proxy.reads_size] for proxy in proxies]
        started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        row = (started, setting_id, json.dumps(asked), json.dumps(dict(scored_as)))
        with self._explained("write"), self._transaction():
            cursor = self._connection.execute(
                "INSERT INTO run (started, setting_id, proxies, architectures) VALUES (?, ?, ?, ?)", row
            )
        return int(cursor.lastrowid or 0)

    def write(self, setting_id: int, rows: Iterable[tuple[str, Proxy, Score]]) -> None:
        """Write the scores of one result in one transaction; a row that is there already is replaced."""
        values = [(setting_id, key, proxy.name, proxy.version, *_as_columns(score)) for key, proxy, score in rows]
        with self._explained("write"), self._transaction():
            self._connection.executemany("INSERT OR REPLACE INTO score VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def finished(self, setting_id: int, proxy: Proxy, *, retry_failed: bool = False) -> set[str]:
        """Keys with a score by this version of the proxy.

        Those that the machine failed are not among them, nor, with `retry_failed`, any other without a value.
        """
        retried = [status for status in STATUSES if status != OK] if retry_failed else [DIED, OUT_OF_MEMORY]
        with self._explained("read"):
            rows = self._connection.execute(
                "SELECT architecture FROM score WHERE setting_id = ? AND proxy = ? AND version = ? "
                f"AND status NOT IN ({', '.join('?' * len(retried))})",
                (setting_id, proxy.name, proxy.version, *retried),
            )
            return {row[0] for row in rows}

    def runs(self) -> list[RunRecord]:
        """All runs, the oldest first."""
        with self._explained("read"):
            rows = self._connection.execute(
                "SELECT run.id, started, setting_id, space, setting, torch, proxies, architectures "
                "FROM run JOIN setting ON setting.id = setting_id ORDER BY run.id"
            ).fetchall()
        try:
            return [_run_record(row) for row in rows]
        except (TypeError, ValueError, SettingError) as error:
            raise StoreError(
                f"{self.path} holds a run that cannot be read ({error}): it is damaged, or of another release"
            ) from error

    def frame(self, number: int | None = None) -> pd.DataFrame:
        """Scores of a run, the last by default: a row for each of its architectures and proxies that is finished.

        Returns:
            Columns architecture, proxy, score, status, seconds, standard_error, message; in the order asked for.

        Raises:
            StoreError: if there is no run, or none of that number.
        """
        import pandas as pd

        run = self._run(number)
        with self._explained("read"):
            found = self._connection.execute(
                "SELECT architecture, proxy, version, value, status, seconds, standard_error, message "
                "FROM score WHERE setting_id = ?",
                (run.setting_id,),
            ).fetchall()
        scores = {(key, proxy, version): rest for key, proxy, version, *rest in found}
        rows = [
            (key, proxy, *scores[wanted])
            for proxy, version in run.proxies.items()
            for key, representative in run.scored_as.items()
            if (wanted := (key if proxy in run.size_proxies else representative, proxy, version)) in scores
        ]
        columns = ["architecture", "proxy", "score", "status", "seconds", "standard_error", "message"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"score": float, "seconds": float, "standard_error": float})

    def _run(self, number: int | None) -> RunRecord:
        runs = {run.number: run for run in self.runs()}
        if not runs:
            raise StoreError(f"{self.path} holds no run yet: `nasinit score --store {self.path}` makes one")
        if number is not None and number not in runs:
            raise StoreError(f"{self.path} has no run {number}; it holds runs 1 to {max(runs)}")
        return runs[number if number is not None else max(runs)]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self, action: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            kind = StoreWriteError if action == "write" else StoreError
            raise kind(f"cannot {action} the store {self.path}: {error}. {_advice(error)}") from error


def _advice(error: sqlite3.Error) -> str:
    text = str(error)
    if "full" in text or "disk I/O" in text:
        return "Free some space, then run the same command again: it goes on with what is missing"
    if "readonly" in text or "unable to open" in text:
        return "Give a path that can be written"
    if "locked" in text:
        return "Another run writes to it: wait for that one to end, or give another path"
    if "not a database" in text or "malformed" in text:
        return "It is damaged or another kind of file; it was not changed: give another path"
    return "What was finished before is kept"


def _as_columns(score: Score) -> tuple[float | None, float | None, str, str, float]:
    """A score's columns; SQLite keeps NaN as NULL, and takes no text with half a surrogate pair in it."""
    message = score.message.encode("utf-8", "backslashreplace").decode()
    return score.value, score.standard_error, score.status, message, score.seconds


def _run_record(row: tuple[int, str, int, str, str, str, str, str]) -> RunRecord:
    number, started, setting_id, space, setting, torch_version, proxies, architectures = row
    asked = json.loads(proxies)
    return RunRecord(
        number,
        started,
        setting_id,
        space,
        Setting.from_json(setting),
        torch_version,
        {name: version for name, version, _ in asked},
        frozenset(name for name, _, reads_size in asked if reads_size),
        json.loads(architectures),
    )
