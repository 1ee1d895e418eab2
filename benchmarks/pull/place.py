"""The working folder of a pull: no other pull uses it, and remains of a killed pull are removed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def working_folder(folder: Path, name: str, say: Callable[[str], object]) -> Iterator[Path]:
    """An empty folder below `folder` for one pull of `name`; afterwards it is removed with its content.

    It is on the same file system as `folder`, so that a finished result can be moved. A second pull of that name waits
    for a lock, which the operating system frees when its holder dies. So the holder may remove the remains of other
    pulls. The empty lock file stays, since removing it would allow two pulls to hold two locks.
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
