"""Safe writing: a file is written completely or not at all, and a folder is tested before a long computation.

Partial files and temporary folders carry the mark of the process that writes them, so that those of a process that was
killed are known, and removed by the next one that writes there.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import os
import re
import shutil
import socket
import tempfile
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError, SettingError

_MARK = re.compile(r"\.([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path next to `path` to write to; it is moved to `path` in one step when the block ends.

    Missing parent folders are made. After an error `path` is as before, and no temporary file is left; those that
    killed processes left for `path` are removed.

    Raises:
        OSError: if a folder cannot be made, or the file cannot be moved.
    """
    partial = partial_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_left(path)
        yield partial
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def partial_path(path: Path) -> Path:
    """A new path next to `path` for a file that is not finished."""
    return path.with_name(f".{path.name}{_mark()}{uuid.uuid4().hex[:6]}.partial")


def remove_left(path: Path) -> None:
    """Remove the partial files, and what SQLite has put next to them, that killed processes left for `path`."""
    _remove_left(path.parent, f".{path.name}", ".partial*")


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder among the system's temporary files, removed at the end; those of killed processes are removed.

    Raises:
        OSError: if it cannot be made.
    """
    place = Path(tempfile.gettempdir())
    _remove_left(place, "nasinit", "")
    with tempfile.TemporaryDirectory(prefix=f"nasinit{_mark()}", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _mark() -> str:
    return f".{_host()}-{os.getpid()}-{_process(os.getpid())}-"


@functools.cache
def _host() -> str:
    """A text for the place inside which numbers of processes mean something: a machine, or a container on it."""
    name = socket.gethostname()
    with contextlib.suppress(OSError):
        name += os.readlink("/proc/self/ns/pid")
    return f"{zlib.crc32(name.encode()):08x}"


@functools.cache
def _process(number: int) -> str:
    """A text for this process, by its number, since a fork has another."""
    return uuid.uuid4().hex[:8]


def _remove_left(folder: Path, beginning: str, end: str) -> None:
    for path in folder.glob(f"{glob.escape(beginning)}.*-*-*-*{end}"):
        mark = _MARK.match(path.name, len(beginning))
        if mark is not None and _is_left(*mark.groups()):
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _is_left(host: str, number: str, process: str) -> bool:
    """Whether the process of a mark has ended; not known of another machine's."""
    if host != _host():
        return False
    if int(number) == os.getpid():
        return process != _process(os.getpid())
    return not is_alive(int(number))


def is_alive(number: int) -> bool:
    """Whether a process runs on this machine; one that has ended and that nobody has waited for does not."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    with contextlib.suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2][:1] not in ("Z", "X")
    return True


def make_folder(folder: Path, option: str, kind: type[HarnessError] = SettingError) -> None:
    """Make a folder, with its parents, and try that a file can be written in it.

    Args:
        folder: may be there already.
        option: that names the folder on the command line, for the message.
        kind: of the error.

    Raises:
        HarnessError: of that kind, for a folder that cannot be made or written in; named, with the system's reason.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        failed = "write in" if os.path.isdir(folder) else "make"
        raise kind(f"{option} {folder}: cannot {failed} that folder: {error.strerror}") from error
