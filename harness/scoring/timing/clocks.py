"""Clocks: the seconds that a piece of work takes on a processor or on a GPU."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

from harness.errors import SettingError, unknown
from harness.scoring.devices import CUDA, Device

Clock = Callable[[Callable[[], object]], float]
"""Does the work once, and gives the seconds that it took."""


WALL, THREAD = "wall", "thread"
CLOCKS = (WALL, THREAD)


def wall_seconds(work: Callable[[], object]) -> float:
    """Seconds of wall time that the work takes."""
    return _seconds(work, time.perf_counter)


def thread_seconds(work: Callable[[], object]) -> float:
    """Seconds that a processor spends in this thread: those of other programs and of other threads do not count."""
    return _seconds(work, time.thread_time)


def _seconds(work: Callable[[], object], now: Callable[[], float]) -> float:
    """Seconds of the work, in which Python collects no garbage, as in `timeit`."""
    collects = gc.isenabled()
    gc.disable()
    try:
        start = now()
        work()
        return now() - start
    finally:
        if collects:
            gc.enable()


class CudaClock:
    """Seconds between two events on a GPU's stream, one before the work is queued and one behind it.

    The time in which the processor queues the work counts where the GPU waits for it, as it does with small batches.

    Args:
        place: the GPU, as torch names it.
        cuda: the module that makes events; None for `torch.cuda`.
    """

    def __init__(self, place: str, cuda: Any = None) -> None:
        import torch

        self._place, self._cuda = place, torch.cuda if cuda is None else cuda

    def __call__(self, work: Callable[[], object]) -> float:
        """Seconds of the work, after all that was queued before it has ended."""
        with self._cuda.device(self._place):
            start, end = (self._cuda.Event(enable_timing=True) for _ in range(2))
            self._cuda.synchronize()
            start.record()
            work()
            end.record()
            end.synchronize()
            return float(start.elapsed_time(end)) / 1000  # it is in milliseconds


def clock_of(name: str, device: Device, threads: int) -> Clock:
    """The clock of that name, one of `CLOCKS`, for a device.

    Raises:
        SettingError: an unknown name, or `thread` for what one thread of a processor does not do alone.
    """
    if name not in CLOCKS:
        raise SettingError(unknown("clock", name, CLOCKS))
    on_gpu = device.name.startswith(CUDA)
    if name == THREAD and (on_gpu or threads > 1):
        where = device.name if on_gpu else f"{threads} threads"
        raise SettingError(f"the clock 'thread' sees one thread of a processor, not {where}: take 'wall'")
    if on_gpu:
        return CudaClock(device.place)
    return thread_seconds if name == THREAD else wall_seconds
