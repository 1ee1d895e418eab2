"""Memory of tensors that a worker's process keeps for the next ones."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGEST_MMAP_THRESHOLD = 2**25


def keep_memory() -> bool:
    """Let glibc keep freed memory, as it does unless it is told otherwise; False with another C library.

    Dask's nanny starts workers with `MALLOC_TRIM_THRESHOLD_=65536`, under which every tensor's pages go back to the
    system and come again, each zeroed: a cell takes twice the processor time. The thresholds are those at which glibc's
    own rule ends (mallopt(3)). No score depends on them.
    """
    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        return bool(
            mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD) and mallopt(_TRIM_THRESHOLD, 2 * _LARGEST_MMAP_THRESHOLD)
        )
    return False
