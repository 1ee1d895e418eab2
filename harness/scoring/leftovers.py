"""What killed runs have left of their worker pools, and a pool that leaves no noise."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.writing import is_alive

_SHARED_MEMORY = Path("/dev/shm")
_SEMAPHORE = re.compile(r"sem\.loky-(\d+)-\w+")
_QUIET = "ignore:resource_tracker:UserWarning"


def remove_left_semaphores() -> None:
    """Remove this user's semaphores of pools whose process has ended; only Linux shows them as files.

    Where a run is killed by itself, a process that `loky` keeps for that removes them; it may be killed too.
    """
    for path in _SHARED_MEMORY.glob("sem.loky-*"):
        found = _SEMAPHORE.fullmatch(path.name)
        with contextlib.suppress(OSError):
            if found and path.stat().st_uid == os.getuid() and not is_alive(int(found[1])):
                path.unlink()


@contextlib.contextmanager
def quiet_tracker() -> Iterator[None]:
    """Inside, the process is started that removes the semaphores of a killed run, so that it does not warn of them."""
    sys.warnoptions.append(_QUIET)  # it gets the options of this interpreter
    try:
        yield
    finally:
        sys.warnoptions.remove(_QUIET)
