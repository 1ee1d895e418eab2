"""Workers of a run as a thread of this process, where a test asks for what they return and not for processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import cloudpickle
import loky
import pytest

_PROCESSES = loky.ProcessPoolExecutor


class WorkerThread(ThreadPoolExecutor):
    """Takes what loky's pool takes, by value. A process would import PyTorch first, most of what small runs cost."""

    def __init__(self, max_workers: int | None = None, **_: object) -> None:
        super().__init__(1)

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Send a task as loky sends it to a process: pickled, and its result too."""
        sent = cloudpickle.dumps((task, arguments, named))
        return super().submit(_returned, sent)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, kill_workers: bool = False) -> None:
        super().shutdown(wait, cancel_futures=cancel_futures or kill_workers)


def _returned(sent: bytes) -> Any:
    task, arguments, named = cloudpickle.loads(sent)
    return cloudpickle.loads(cloudpickle.dumps(task(*arguments, **named)))


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
