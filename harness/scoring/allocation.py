"""Memory of tensors that a worker's process keeps for the next ones."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGEST_MMAP_THRESHOLD = 2**25
GLIBC_KEEPS = 2 * _LARGEST_MMAP_THRESHOLD
"""Bytes that glibc keeps by its own rule, at the most."""
KEPT = 2**31 - 1
"""Bytes that all workers of a machine keep together."""
_LOKYS_OWN = 300_000_000
_BESIDE = 10**9  # of a worker between two networks: caches of its kernels and holes between tensors that live on


def kept_by_each(workers: int) -> int:
    """Bytes that each of a machine's workers keeps, at the most.

    Args:
        workers: number of workers on the machine.
    """
    return max(KEPT // workers, GLIBC_KEEPS)


def leak_of_loky(workers: int) -> int:
    """Bytes by which a worker may grow before `loky` takes it for one that leaks, and starts another.

    Its own limit, 300 MB, is below what workers keep on purpose with glibc: they would be started again every few
    networks.

    Args:
        workers: number of workers on the machine.
    """
    return kept_by_each(workers) + _BESIDE if _mallopt() is not None else _LOKYS_OWN


def keep_memory(most: int = GLIBC_KEEPS) -> bool:
    """Let glibc keep freed memory for the next tensors; False with another C library.

    Args:
        most: bytes that it keeps, at the most.

    By its own rule it keeps 64 MiB: the gigabyte of a network's activations goes back to the system after each pass and
    comes again page by page, each zeroed. On a cell of NAS-Bench-201 a third of these pages and half of the system's
    seconds are left, which saves some 3 % of a worker's seconds with all proxies. Dask's nanny starts workers with
    `MALLOC_TRIM_THRESHOLD_=65536`, under which a cell takes twice the processor's time. What a process keeps is lost to
    the others until it ends; no score depends on it.
    """
    mallopt = _mallopt()
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD) and mallopt(_TRIM_THRESHOLD, most))


def _mallopt() -> Callable[[int, int], int] | None:
    with suppress(AttributeError, OSError, TypeError):
        found: Callable[[int, int], int] = ctypes.CDLL(None).mallopt
        return found
    return None
