"""Where a pull works: alone in its folder, in a folder of its own that nothing of a killed pull outlives."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def working_folder(folder: Path, name: str, say: Callable[[str], object]) -> Iterator[Path]:
    """An empty folder below `folder` for the time of one pull of `name`, then removed with all that is left in it.

    It is on the same file system as `folder`, so what is whole can be moved there. A second pull of that name waits at
    a lock, which the operating system frees when its holder dies; so whoever holds it may remove what others left. The
    empty lock file stays: removing it would let two pulls hold two locks.
    """
    import filelock

    prefix = f".pull-{name}.work-"
    lock = filelock.FileLock(folder / f".pull-{name}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        say(f"another pull of {name} into {folder} is under way; waiting for it")
        lock.acquire()
    try:
        for left in folder.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as work:
            yield Path(work)
    finally:
        lock.release()
