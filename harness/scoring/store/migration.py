"""Stores of version 1 in the format of version 2: in memory for who only reads, on disk for who writes.

On disk the store is migrated on a copy. Under its name lies the store of version 1, to the last byte, until the whole
store of version 2 takes its place in one step: a process may be killed at any moment, and the next one begins anew.
"""

from __future__ import annotations

import contextlib
import filecmp
import itertools
import json
import os
import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from harness.errors import DamagedStoreError, SettingError, StoreError
from harness.scoring.store.file import connect, one_moment, place_new, store_version
from harness.scoring.store.format import SCORE_COLUMNS, make_tables, run_checksum, score_checksum, setting_checksum
from harness.setting import Setting

_SIZES = ("image_size", "channels", "classes", "width", "depth")
_EVERY = 10_000
"""Rows between two signs of life."""
_TOTALS = """
SELECT 'setting', 0, '', '', count(*), sum(checksum) FROM setting GROUP BY 1
UNION ALL SELECT 'run', 0, '', '', count(*), sum(checksum) FROM run GROUP BY 1
UNION ALL SELECT 'score', setting_id, proxy, version, count(*), sum(checksum) FROM score GROUP BY 2, 3, 4
"""
_Pulse = Callable[[], None]
_Rows = Iterator[tuple[Any, ...]]


def setting_from_version_1(text: str) -> Setting:
    """The setting that a store of version 1 holds as this text, in which the sizes stand among the other values."""
    values = json.loads(text)
    sizes = {name: values.pop(name) for name in _SIZES if name in values}
    shape = {name: size for name, size in sizes.items() if size is not None}  # left open in a setting of one's own
    return Setting.from_json(json.dumps({**values, "shape": shape}))


def in_memory(old: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """A store of version 1 as one of version 2 in memory, as it is at this moment; the file is only read.

    Args:
        old: connection to the store of version 1.
        path: its file, as messages name it.

    Raises:
        StoreError: if it is damaged, or a setting in it is of another release.
    """
    new = sqlite3.connect(":memory:", isolation_level=None)
    try:
        with one_moment(old):
            _fill(old, new, path, lambda: None)
    except BaseException:
        new.close()
        raise
    return new


def migrate(path: Path, shown: Path, patience: float) -> Path | None:
    """Bring a store of version 1 to version 2 on disk, and keep the original next to it.

    Args:
        path: the store's file itself, no link to it.
        shown: the file, as messages name it.
        patience: seconds to wait for another process that writes to it; for one that migrates it, as long as it takes.

    Returns:
        Where the original is kept; None if another process has migrated the store in the meantime.

    Raises:
        StoreError: if it is damaged, or a setting in it is of another release. It is then as it was.
    """
    partial = _partial(path, 2)
    with path.open("rb") as original, contextlib.closing(connect(path, patience)) as holder:
        # closed last: to close a file frees all locks that the process has on it, SQLite's too
        _lock(holder, path)
        if _is_migrated(path, shown, patience):
            return None
        try:
            with contextlib.closing(connect(path, patience)) as old:
                _build(old, partial, shown)
            _copy_owner(path, partial)
            kept = _keep(original, path)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        _retire(holder)
    with contextlib.suppress(OSError):  # not every system does so for a folder
        _write_through(path.parent)
    return kept


def _partial(path: Path, version: int) -> Path:
    return path.with_name(f".{path.name}.version-{version}.partial")


def _lock(holder: sqlite3.Connection, path: Path) -> None:
    """Keep all other writers out; wait for as long as there are signs that one of them migrates the store."""

    def signs() -> list[int]:
        found = []
        for version in (1, 2):
            with contextlib.suppress(OSError):
                found.append(_partial(path, version).stat().st_mtime_ns)
        return found

    holder.execute("PRAGMA user_version").fetchone()  # undoes what a killed writer left half done
    holder.execute("PRAGMA journal_mode = MEMORY")  # a journal on disk would be taken for that of the new file
    while True:
        before = signs()
        try:
            holder.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or signs() == before:
                raise
        else:
            return


def _is_migrated(path: Path, shown: Path, patience: float) -> bool:
    """Whether there is another store under the name than the one that was locked, since another process migrated it."""
    with contextlib.closing(connect(path, patience)) as there:
        return store_version(there, shown) != 1


def _build(old: sqlite3.Connection, partial: Path, path: Path) -> None:
    """Write the store of version 2, and compare it row for row with that of version 1."""

    def pulse() -> None:
        os.utime(partial)

    partial.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(partial, isolation_level=None)) as new:
        new.execute("PRAGMA journal_mode = OFF")  # a copy that is not finished is not used
        new.execute("PRAGMA synchronous = OFF")
        _fill(old, new, path, pulse)
    _write_through(partial)
    with contextlib.closing(connect(partial, 0)) as new:
        if not _same_rows(old, new, pulse):
            raise StoreError(
                f"{path} was not brought to version 2: its copy, read again, holds other rows. The store was not "
                "changed; its disk may be failing"
            )


def _fill(old: sqlite3.Connection, new: sqlite3.Connection, path: Path, pulse: _Pulse) -> None:
    state = old.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if state != "ok":
        raise DamagedStoreError(
            f"{path} is damaged ({state}). It was not changed: give another path, or a whole copy of it"
        )
    new.execute("BEGIN")
    make_tables(new)
    with _readable(path):
        for table, rows in _tables(old, pulse):
            new.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * _WIDTHS[table])})", rows)
    new.execute(f"INSERT INTO total {_TOTALS}")
    new.execute("COMMIT")


def _same_rows(old: sqlite3.Connection, new: sqlite3.Connection, pulse: _Pulse) -> bool:
    for table, rows in _tables(old, pulse):
        found = new.execute(f"SELECT * FROM {table} ORDER BY {_KEYS[table]}")
        if any(row != other for row, other in itertools.zip_longest(rows, found)):
            return False
    return set(new.execute("SELECT * FROM total")) == set(new.execute(_TOTALS))


_WIDTHS = {"setting": 5, "run": 6, "score": 10}
_KEYS = {"setting": "id", "run": "id", "score": "setting_id, architecture, proxy, version"}


class _Starts(dict[int, int]):
    """Checksums of the settings, by number."""

    def __missing__(self, number: object) -> int:
        raise ValueError(f"there is no setting {number}")


def _tables(old: sqlite3.Connection, pulse: _Pulse) -> Iterator[tuple[str, _Rows]]:
    """The rows of version 2 that those of version 1 make, by table and in the order of their keys."""
    starts = _Starts()

    def settings() -> _Rows:
        for number, space, text, torch in old.execute("SELECT id, space, setting, torch FROM setting ORDER BY id"):
            row = space, setting_from_version_1(text).json(), torch
            starts[number] = setting_checksum(*row)
            yield number, *row, starts[number]

    def runs() -> _Rows:
        for row in old.execute("SELECT id, started, setting_id, proxies, architectures FROM run ORDER BY id"):
            number, started, setting, *asked = row
            yield *row, run_checksum(starts[setting], number, started, *asked)

    def scores() -> _Rows:
        query = f"SELECT setting_id, {SCORE_COLUMNS} FROM score ORDER BY {_KEYS['score']}"
        for place, row in enumerate(old.execute(query)):
            if place % _EVERY == 0:
                pulse()
            yield *row, score_checksum(starts[row[0]], *row[1:])

    yield "setting", settings()
    yield "run", runs()
    yield "score", scores()


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError, struct.error, SettingError) as error:
        raise StoreError(
            f"{path} holds a row that cannot be read ({error}): it is damaged, or of another release. "
            "It was not changed: give another path, or use the release that wrote it"
        ) from error


def _keep(original: IO[bytes], path: Path) -> Path:
    """A copy of the original under the first plain name that is free, or that has this content already."""
    copy = _partial(path, 1)
    try:
        with copy.open("wb") as file:
            shutil.copyfileobj(original, file)
        _write_through(copy)
        _copy_owner(path, copy)
        number = 1
        while True:
            kept = path.with_name(f"{path.stem}.version-1{f'-{number}' if number > 1 else ''}{path.suffix}")
            try:
                place_new(copy, kept)
            except FileExistsError:
                if not filecmp.cmp(copy, kept, shallow=False):
                    number += 1
                    continue
            return kept
    finally:
        copy.unlink(missing_ok=True)


def _retire(holder: sqlite3.Connection) -> None:
    """Make the replaced file useless to a process of an earlier release that still has it open.

    Its next row would go into a file without a name, and the journal that it makes under the name of the new store
    would be taken for the new store's.
    """
    with contextlib.suppress(sqlite3.Error):
        holder.execute("PRAGMA busy_timeout = 1000")
        for table in _WIDTHS:
            holder.execute(f"ALTER TABLE {table} RENAME TO {table}_of_version_1")
        holder.execute("COMMIT")


def _copy_owner(path: Path, copy: Path) -> None:
    shutil.copymode(path, copy)
    with contextlib.suppress(OSError, AttributeError):  # only the superuser may, and not on every system
        os.chown(copy, path.stat().st_uid, path.stat().st_gid)


def _write_through(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
