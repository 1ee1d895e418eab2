"""Safe writing: a file is written completely or not at all, and a folder is tested before a long computation."""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError, SettingError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path next to `path` to write to; it is moved to `path` in one step when the block ends.

    Missing parent folders are made. After an error `path` is as before, and no temporary file is left.

    Raises:
        OSError: if a folder cannot be made, or the file cannot be moved.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


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
