"""Safe writing: a file is written completely or not at all, and a folder is tested before a long computation."""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path


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


def make_writable(folder: Path) -> None:
    """Make a folder with its parents, and test that a file can be written in it.

    Raises:
        OSError: if the folder cannot be made or written in; in the second case it exists afterwards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass
