"""The engine: tasks over an executor's processes, outcomes one by one, worker deaths survived."""

from __future__ import annotations

import functools
import math
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass

import cloudpickle

from harness.errors import RunError
from harness.scoring.scorer import DIED, Score
from harness.setting import Setting

_STRIKES = 2
_WINDOW = 2  # tasks in flight a worker: one computes while the next waits


@dataclass(frozen=True)
class Task:
    """All that a worker needs to score one architecture; it holds no open file and no table.

    Attributes:
        space: the space as `cloudpickle` has it, so that one of a notebook travels by value.
        key: the architecture's string.
        setting: of the score.
        names: of its proxies.
        proxies: `cloudpickle` of a list of proxies, so that functions of a notebook travel by value.
        batch: pickled, as plain bytes of its tensors.
    """

    space: bytes
    key: str
    setting: Setting
    names: tuple[str, ...]
    proxies: bytes
    batch: bytes


Outcome = dict[str, Score]


def score_task(task: Task) -> Outcome:
    """Build the task's network and score it, on one torch thread: the same bits in any number of processes."""
    import torch

    from harness.scoring.scorer import ONE_AT_A_TIME, score_network

    with ONE_AT_A_TIME, one_thread():
        setting, space = task.setting, cloudpickle.loads(task.space)
        rebuild = functools.partial(space.build, space.parse(task.key), setting.shape, seed=setting.seed)
        network = rebuild(init=setting.init).to(setting.device, getattr(torch, setting.dtype))
        batch = cloudpickle.loads(task.batch)
        return score_network(network, batch, cloudpickle.loads(task.proxies), setting, rebuild)


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread inside."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def worker_pool(workers: int) -> Executor:
    """A pool of `workers` processes on this machine, with one thread each for every numerical library.

    The processes end by themselves when this one is gone, however it went.
    """
    from loky import ProcessPoolExecutor

    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    pool: Executor = ProcessPoolExecutor(
        max_workers=workers, env=threads, initializer=_start_worker, initargs=(os.getpid(),)
    )
    return pool


def close_pool(pool: Executor, *, kill: bool = False) -> None:
    """End a `worker_pool`: at once, its work lost, or once its work is done."""
    if kill:
        # Ends the pending futures itself: one that was cancelled before makes loky's thread print a traceback.
        pool.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]  # loky's own argument
    else:
        pool.shutdown(wait=True)


def _start_worker(driver: int) -> None:
    """Leave Ctrl-C to the driver, and watch it: a driver that is killed cannot stop its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(driver,), daemon=True).start()


def _end_with(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(1)
    os._exit(1)


class Engine:
    """Runs tasks over an executor and survives the death of its workers.

    When a worker dies (a kill, or no memory left), all tasks in flight are lost with it. They are run again one at a
    time, so that the one that kills its worker is known for certain; after two such deaths it is given up with the
    status `died`, and the others go on.

    Args:
        open_pool: makes an executor; called again after a death.
        workers: how many tasks the executor runs at once.
        owned: whether the engine shuts the executor down.
    """

    def __init__(self, open_pool: Callable[[], Executor], workers: int, *, owned: bool = True) -> None:
        self._open_pool = open_pool
        self._width = workers * _WINDOW
        self._owned = owned
        self._flight: dict[Future[Outcome], Task] = {}
        self._suspects: list[Task] = []
        self._strikes: Counter[str] = Counter()
        self._stillborn = 0  # pools in a row that broke before they took a task

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Each task with its outcome, in the order they finish.

        Raises:
            RunError: when a task fails outside its network and proxies, which is a bug or a broken installation, or
                when an executor that the engine does not own loses its workers.
        """
        waiting = list(reversed(tasks))
        pool = self._open_pool()
        try:
            while waiting or self._suspects or self._flight:
                alone = bool(self._suspects)
                sound = self._submit(pool, waiting)
                lost = yield from self._finished()
                if lost or not sound:
                    self._close(pool)
                    pool = self._open_pool()
                    yield from self._sort_out(lost, alone)
        except BaseException:
            self._close(pool, kill=True)
            raise
        self._close(pool)

    def _submit(self, pool: Executor, waiting: list[Task]) -> bool:
        """Fill the window; a suspect goes alone. False if the pool is broken: a worker may die between two tasks."""
        queue, width = (self._suspects, 1) if self._suspects else (waiting, self._width)
        while queue and len(self._flight) < width:
            try:
                future = pool.submit(score_task, queue[-1])
            except BrokenProcessPool as error:
                self._stillborn += not self._flight
                if self._stillborn >= _STRIKES:
                    raise RunError(f"worker processes die before they get a task: {error}") from error
                return False
            self._flight[future] = queue.pop()
        self._stillborn = 0
        return True

    def _finished(self) -> Generator[tuple[Task, Outcome], None, list[Task]]:
        """Wait for some tasks and yield their outcomes; returns those lost to a worker's death."""
        done, _ = wait(self._flight, return_when=FIRST_COMPLETED) if self._flight else (set(), set())
        lost = []
        for future in done:
            task = self._flight.pop(future)
            outcome = _outcome(future, task)
            if outcome is None:
                lost.append(task)
            else:
                yield task, outcome
        if lost:
            lost.extend(self._flight.values())
            self._flight.clear()
        return lost

    def _sort_out(self, lost: list[Task], alone: bool) -> Iterator[tuple[Task, Outcome]]:
        if not self._owned:
            raise RunError("the executor lost its workers; what was finished is in the store: run again with a new one")
        for task in lost:
            self._strikes[task.key] += alone
            if self._strikes[task.key] >= _STRIKES:
                yield task, _died(task)
            else:
                self._suspects.append(task)

    def _close(self, pool: Executor, *, kill: bool = False) -> None:
        if not self._owned:
            for future in self._flight:
                future.cancel()
        else:
            close_pool(pool, kill=kill)


def _outcome(future: Future[Outcome], task: Task) -> Outcome | None:
    """The outcome, or None when the worker died."""
    try:
        return future.result()
    except BrokenProcessPool:
        return None
    except (Exception, SystemExit) as error:  # a proxy may call exit()
        raise RunError(
            f"scoring {task.key} failed outside its network and proxies: {type(error).__name__}: {error}"
        ) from error


def _died(task: Task) -> Outcome:
    message = f"the worker process died {_STRIKES} times on this architecture alone: killed, or out of memory"
    return {name: Score(math.nan, DIED, message, 0.0) for name in task.names}
