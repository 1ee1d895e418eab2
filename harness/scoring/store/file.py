"""A store as a file: made whole or not at all, opened where it is one, and errors of SQLite in words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from harness.errors import DamagedStoreError, StoreError, StoreWriteError
from harness.scoring.store.format import APPLICATION_ID, VERSION, make_tables
from harness.writing import partial_path


def connect(path: Path, patience: float) -> sqlite3.Connection:
    """Connection to a file that is there, in which transactions begin and end where they say so.

    Args:
        path: the SQLite file.
        patience: seconds to wait for another writer.
    """
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=patience)


def make_store(path: Path) -> None:
    """Make an empty store, unless another process is faster; at no moment is there half of one under its name.

    Raises:
        StoreError: what `refuse_left_journal` refuses.
    """
    refuse_left_journal(path)
    partial = partial_path(path)
    try:
        make_file(partial)
        with contextlib.suppress(FileExistsError):
            place_new(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def make_file(path: Path) -> None:
    """Make an empty store under a name that no other process uses."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        make_tables(connection)
        connection.execute("COMMIT")


def refuse_left_journal(path: Path) -> None:
    """Refuse to make a store where there is what was last written to one that is gone.

    Raises:
        StoreError: names the file, which SQLite would play into the new store.
    """
    for journal in (path.with_name(f"{path.name}-{kind}") for kind in ("journal", "wal")):
        if journal.exists() and journal.stat().st_size and not path.exists():
            raise StoreError(
                f"there is no store {path}, but {journal.name}, with what was last written to one: put the store back "
                f"next to it, or delete {journal.name}"
            )


def place_new(partial: Path, path: Path) -> None:
    """Give a whole file its name, or raise `FileExistsError` where the name is taken."""
    try:
        os.link(partial, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        os.rename(partial, path)


def store_version(connection: sqlite3.Connection, path: Path) -> int:
    """Version of an open store, from 1 to `VERSION`.

    Args:
        connection: to the file.
        path: the file, as messages name it.

    Raises:
        StoreError: if it is cut, of another program, or of a later version.
    """
    _check_whole(connection, path)
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program, not a store of scores: give another path")
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if not 1 <= version <= VERSION:
        raise StoreError(
            f"{path} is a store of version {version}; this release reads versions 1 and {VERSION}. "
            "Nothing in it was changed: give another path, or use the release that wrote it"
        )
    return version


def _check_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that was cut inside its last page: SQLite reads the rest of that page as zeros, silently."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    expected = pages * connection.execute("PRAGMA page_size").fetchone()[0]
    size = path.stat().st_size
    if size == 0:
        raise DamagedStoreError(
            f"{path}: this file is empty. If there were scores in it, they are lost: use a copy of it. If there were "
            "none, delete it: a store is made where no file is"
        )
    if not pages or size < expected:
        of = f"of {expected:,} bytes" if pages else "bytes, less than the first page"
        raise DamagedStoreError(
            f"{path} is cut: it has {size:,} {of}. It was not changed: give another path, or a whole copy"
        )


@contextlib.contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is read inside is of one moment, whoever writes: that of the open transaction, or else a new one."""
    with contextlib.ExitStack() as ending:
        if not connection.in_transaction:
            connection.execute("BEGIN")
            ending.callback(connection.rollback)
        yield


@contextlib.contextmanager
def explained(path: Path, action: str) -> Iterator[None]:
    """Turn errors of SQLite and of the system into a `StoreError` that says what to do.

    Where damage has left no text in what SQLite would quote, Python raises a `UnicodeDecodeError` in its place.

    Args:
        path: the store, as messages name it.
        action: what is done inside: `open`, `make`, `migrate`, `read` or `write`; the error of the last is a
            `StoreWriteError`.
    """
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        kind = StoreWriteError if action == "write" else DamagedStoreError if "malformed" in str(error) else StoreError
        kept = " It is as it was, and can be read so." if action == "migrate" else ""
        text = one_line(error)
        raise kind(f"cannot {action} the store {path}: {text}.{kept} {_advice(text)}") from error


def one_line(value: object) -> str:
    """A value for a message, whatever is in it: damage makes control characters, and SQLite repeats them."""
    text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _advice(text: str) -> str:
    if "full" in text or "disk I/O" in text or "No space left" in text:
        return "Free some space, then run the same command again: it goes on with what is missing"
    if "readonly" in text or "unable to open" in text or "denied" in text or "Read-only" in text:
        return "Give a path that can be written"
    if "locked" in text:
        return "Another run writes to it: wait for that one to end, or give another path"
    if any(mark in text for mark in ("not a database", "malformed", "no such", "syntax error", "decode")):
        return "It is damaged or another kind of file; it was not changed: give another path"
    return "What was finished before is kept"
