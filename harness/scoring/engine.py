"""The engine: runs tasks over an executor's processes, yields their scores and survives the death of workers."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import cloudpickle

from harness.errors import ModelError, NotApplicable, RunError
from harness.scoring.allocation import leak_of_loky
from harness.scoring.deaths import MOST_DEATHS, Deaths
from harness.scoring.devices import Device, deterministic_kernels, introduction, least_busy
from harness.scoring.driver_watch import start_worker
from harness.scoring.leftovers import quiet_tracker, remove_left_semaphores
from harness.scoring.scorer import Score
from harness.scoring.watching import Step, last_step
from harness.setting import Setting
from harness.writing import temporary_folder

_TASKS_PER_WORKER = 2  # one is computed while the next waits
_MOST_PER_WORKER = 16  # where workers are done before the driver has looked again


@dataclass(frozen=True, slots=True)
class ScoringTask:
    """Everything that a worker needs to score one architecture, without open files or tables.

    Attributes:
        space: the space, pickled by `cloudpickle`, so that a space defined in a notebook is sent by value.
        key: the architecture's string.
        setting: the setting of the scores.
        names: names of the proxies that are scored.
        proxies: the list of proxies, pickled by `cloudpickle`, so that functions of a notebook are sent by value.
        batch: the batch, pickled by `cloudpickle`.
        own_code: the list of proxies once more, with all code of the user's own (`harness.scoring.travelling`).
        steps: file for what is about to be done (`harness.scoring.watching`); None to write nothing.
        fingerprint: that of the user's function that makes the network; empty for spaces without such functions.
        own_space: the space once more, with all code of the user's own; empty where that is not possible.
        device: the GPU that scores it; None for the setting's device.
    """

    space: bytes
    key: str
    setting: Setting
    names: tuple[str, ...]
    proxies: bytes
    batch: bytes
    own_code: bytes = b""
    steps: Path | None = None
    fingerprint: str = ""
    own_space: bytes = b""
    device: Device | None = None

    @property
    def what(self) -> tuple[str, Setting]:
        """What is scored: the architecture's string and the setting, by which tasks of one run differ."""
        return self.key, self.setting


TaskScores = dict[str, Score]
"""Scores of one architecture by proxy name."""


def score_task(task: ScoringTask, watch: Callable[[Step], object] | None = None) -> TaskScores:
    """Scores of the task's network, on one torch thread: equal to the last bit for any number of processes.

    Args:
        task: what is scored.
        watch: called before each step; None to write the steps to the task's file, if it has one.
    """
    import torch

    from harness.scoring.scorer import ONE_AT_A_TIME, failed_score, score_network
    from harness.scoring.travelling import unpacked, unpacked_space
    from harness.scoring.watching import begin

    place = task.setting.device if task.device is None else task.device.place
    with ONE_AT_A_TIME, threads_of_torch(1), deterministic_kernels(place):
        setting, space = task.setting, unpacked_space(task.space, task.own_space, task.key, task.fingerprint)
        rebuild = functools.partial(space.build, space.parse(task.key), setting.shape, seed=setting.seed)
        try:
            network = rebuild(init=setting.init).to(place, getattr(torch, setting.dtype))
        except (ModelError, NotApplicable) as error:
            return dict.fromkeys(task.names, failed_score(error))
        batch = cloudpickle.loads(task.batch)
        entries = [entry for entry in unpacked(task.proxies, task.own_code) if entry.name in task.names]
        if watch is None and task.steps is not None:
            watch = functools.partial(begin, task.steps)
        return score_network(network, batch, entries, setting, rebuild, watch)


@contextmanager
def threads_of_torch(count: int) -> Iterator[None]:
    """Inside, torch uses that many threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def worker_pool(workers: int, environment: Mapping[str, str] | None = None) -> Executor:
    """A pool of processes on this machine, with one thread each for every numerical library.

    The processes end by themselves when this process has ended for any reason. Semaphores that killed processes have
    left are removed.

    Args:
        workers: number of processes.
        environment: variables of theirs, beside those of this process.
    """
    from loky import ProcessPoolExecutor

    remove_left_semaphores()
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    leak = os.environ.get("LOKY_MAX_MEMORY_LEAK_SIZE", leak_of_loky(workers))
    with quiet_tracker():
        pool: Executor = ProcessPoolExecutor(
            max_workers=workers,
            env={"LOKY_MAX_MEMORY_LEAK_SIZE": str(leak), **threads, **(environment or {})},
            initializer=start_worker,
            initargs=(os.getpid(), workers),
        )
    return pool


def close_pool(pool: Executor, *, kill: bool = False) -> None:
    """End a `worker_pool`: after its tasks, or with `kill` at once, so that they are lost."""
    if kill:
        # loky ends the pending futures itself; one that is cancelled before makes its thread print a traceback
        pool.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]  # loky's own argument
    else:
        pool.shutdown(wait=True)


class Engine:
    """Runs tasks over an executor and survives the death of its workers.

    When a worker dies (killed, or out of memory), all tasks in flight are lost with it. They are run again one at a
    time, so that the task that kills its worker is known for certain, and write down each measurement and proxy before
    they begin it. What was begun when two workers died is given up: the proxy, or all that read the measurement, gets
    the status `died`, and the task is run again without it. So a task has at most two deaths for each of its steps.

    Args:
        open_pool: makes an executor; called again after a worker's death.
        workers: number of tasks that the executor runs at once.
        owned: whether the engine shuts the executor down.
        devices: GPUs over which tasks are spread; none to leave them to their setting's device.
    """

    def __init__(
        self,
        open_pool: Callable[[], Executor],
        workers: int,
        *,
        owned: bool = True,
        devices: Sequence[Device] = (),
    ) -> None:
        self._open_pool = open_pool
        self.workers = workers
        self.note = ""  # for a progress bar
        self.more_at_hand = False  # whether the next scores come without waiting for a worker
        self._width = workers * _TASKS_PER_WORKER
        self._owned = owned
        self._devices = devices
        self._flight: dict[Future[TaskScores], ScoringTask] = {}
        self._suspects: list[ScoringTask] = []
        self._deaths = Deaths()
        self._folder = ExitStack()
        self._steps: Path | None = None
        self._pools_broken_at_start = 0  # pools in a row that broke before they took a task

    def introduction(self) -> str:
        """Where the tasks run, for people; empty for the processors of this machine."""
        return introduction(self._devices)

    def outcomes(self, tasks: Sequence[ScoringTask]) -> Iterator[tuple[ScoringTask, TaskScores]]:
        """Each task with its scores, in the order in which they finish.

        Raises:
            RunError: when a task fails outside its network and proxies, which is a bug or a broken installation, or
                when an executor that the engine does not own loses its workers.
        """
        waiting = list(reversed(tasks))
        pool = self._open_pool()
        with self._folder:
            yield from self._outcomes(pool, waiting)

    def _outcomes(self, pool: Executor, waiting: list[ScoringTask]) -> Iterator[tuple[ScoringTask, TaskScores]]:
        try:
            while waiting or self._suspects or self._flight:
                alone = bool(self._suspects)
                sound = self._submit(pool, waiting)
                lost = yield from self._finished()
                if lost or not sound:
                    self._close(pool)
                    pool = self._open_pool()
                    yield from self._requeue(lost, alone)
        except BaseException:
            self._close(pool, kill=True)
            raise
        self._close(pool)

    def _submit(self, pool: Executor, waiting: list[ScoringTask]) -> bool:
        """Submit tasks, a suspect only by itself. False if the pool is broken: a worker may die between two tasks."""
        alone = bool(self._suspects)
        queue, width = (self._suspects, 1) if alone else (waiting, self._width)
        while queue and len(self._flight) < width:
            task = replace(queue[-1], steps=self._new_file()) if alone else queue[-1]
            if self._devices:
                task = replace(task, device=least_busy(self._devices, (each.device for each in self._flight.values())))
            try:
                future = pool.submit(score_task, task)
            except BrokenProcessPool as error:
                self._pools_broken_at_start += not self._flight
                if self._pools_broken_at_start >= MOST_DEATHS:
                    raise RunError(f"worker processes die before they get a task: {error}") from error
                return False
            queue.pop()
            self._flight[future] = task
        self._pools_broken_at_start = 0
        return True

    def _finished(self) -> Generator[tuple[ScoringTask, TaskScores], None, list[ScoringTask]]:
        """Wait for some tasks and yield their scores; returns the tasks that a worker's death has lost."""
        self._fit_width()
        done, _ = wait(self._flight, return_when=FIRST_COMPLETED) if self._flight else (set(), set())
        ended = {future: self._flight.pop(future) for future in done}
        lost = [ended.pop(future) for future in done if _is_lost(future)]
        while ended:
            future, task = ended.popitem()
            outcome = _outcome(future, task)
            self.more_at_hand = any(each.done() and not _is_lost(each) for each in (*ended, *self._flight))
            yield task, {**self._deaths.given_up(task.what), **outcome}
        if lost:
            lost.extend(self._flight.values())
            self._flight.clear()
        return lost

    def _fit_width(self) -> None:
        """Send more tasks at once while workers are done before the driver looks again, and fewer otherwise."""
        done = sum(future.done() for future in self._flight)
        if done and done == len(self._flight):
            self._width = min(2 * self._width, self.workers * _MOST_PER_WORKER)
        elif not done:
            self._width = max(self._width // 2, self.workers * _TASKS_PER_WORKER)

    def _requeue(self, lost: list[ScoringTask], alone: bool) -> Iterator[tuple[ScoringTask, TaskScores]]:
        """Make lost tasks suspects, without what has killed too many workers; yield those of which nothing is left."""
        if not self._owned:
            raise RunError("the executor lost its workers; what was finished is in the store: run again with a new one")
        self.more_at_hand = False
        for task in lost:
            step = last_step(self._steps) if alone and self._steps else None
            names = self._deaths.names_left(task.what, task.names, step) if alone else task.names
            if names:
                self._suspects.append(replace(task, names=names, steps=None))
            else:
                yield task, self._deaths.given_up(task.what)

    def _new_file(self) -> Path | None:
        """An empty file in which a task that runs alone writes its steps; None where there is no space for one."""
        with suppress(OSError):
            if self._steps is None:
                self._steps = Path(self._folder.enter_context(temporary_folder()), "steps")
            self._steps.write_text("")
        return self._steps

    def _close(self, pool: Executor, *, kill: bool = False) -> None:
        if not self._owned:
            for future in self._flight:
                future.cancel()
        else:
            close_pool(pool, kill=kill)


def _is_lost(future: Future[TaskScores]) -> bool:
    """Whether the worker of a task that has ended died."""
    return not future.cancelled() and isinstance(future.exception(), BrokenProcessPool)


def _outcome(future: Future[TaskScores], task: ScoringTask) -> TaskScores:
    try:
        return future.result()
    except (Exception, SystemExit) as error:  # a proxy may call exit()
        raise RunError(
            f"scoring {task.key} failed outside its network and proxies: {type(error).__name__}: {error}"
        ) from error
