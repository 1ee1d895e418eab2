"""Workers of a run as a thread of this process, where a test asks for what they return and not for processes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import loky
import pytest

_PROCESSES = loky.ProcessPoolExecutor


class WorkerThread(ThreadPoolExecutor):
    """Takes what loky's pool takes. A process would import PyTorch first, which is most of what small runs cost."""

    def __init__(self, max_workers: int | None = None, **_: object) -> None:
        super().__init__(1)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, kill_workers: bool = False) -> None:
        super().shutdown(wait, cancel_futures=cancel_futures or kill_workers)


@contextmanager
def worker_threads() -> Iterator[None]:
    """Inside, every pool of workers of this machine is one thread of this process, to which tasks go by value."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loky, "ProcessPoolExecutor", WorkerThread)
        yield


@contextmanager
def worker_processes() -> Iterator[None]:
    """Inside `worker_threads`: processes again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loky, "ProcessPoolExecutor", _PROCESSES)
        yield
