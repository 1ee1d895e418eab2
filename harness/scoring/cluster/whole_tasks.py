"""Whole tasks on a cluster, such as a search: one on a worker at a time, begun again where its worker dies."""

from __future__ import annotations

import math
import queue
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from harness.errors import RunError
from harness.scoring.cluster.dispatcher import LOOK_SECONDS, Dispatcher

if TYPE_CHECKING:
    from distributed import Client, Future

R = TypeVar("R")
_GATHER_SECONDS = 60
MOST_DEATHS = 5
"""Workers that may die with one task, one after the other and without progress, before it is given up."""


class TaskEnd(NamedTuple, Generic[R]):
    """The end of a task.

    Attributes:
        place: place of the task among all.
        result: what it returned; None where it failed.
        error: what it raised, or why it was given up; None where it returned.
    """

    place: int
    result: R | None
    error: BaseException | None


class WholeTasks(Dispatcher, Generic[R]):
    """Runs tasks on a cluster, each alone on one worker at a time, and survives the death of workers.

    A task is sent to one worker, so that Dask itself runs none again. Where its worker dies it is sent to another; when
    `MOST_DEATHS` have died with it, one after the other, and `progress` tells of none between them, it is given up.

    Args:
        client: the cluster's client.
        call: function of this package that runs a task.
        arguments: gives the arguments of a task by its place; called each time that it is sent.
        count: number of tasks.
        progress: gives something that changes when a task has made progress that is kept, by its place.
    """

    _where_kept = "kept"

    def __init__(
        self,
        client: Client,
        call: Callable[..., R],
        arguments: Callable[[int], Sequence[Any]],
        count: int,
        progress: Callable[[int], object] = lambda place: None,
    ) -> None:
        super().__init__(client)
        self._call, self._arguments, self._progress = call, arguments, progress
        self._waiting = list(reversed(range(count)))
        self._flight: dict[str, tuple[Future, int, str]] = {}
        self._deaths: Counter[int] = Counter()
        self._reached: dict[int, object] = {}

    def ends(self) -> Generator[TaskEnd[R] | None]:
        """The ends of the tasks, in the order in which they come; None where none came for a while.

        Raises:
            RunError: when the scheduler is lost, or when no worker can be used.
        """
        try:
            with self._scheduler_at_hand():
                while self._waiting or self._flight:
                    present = self._look()
                    self._submit()
                    found = [*self._next(), *self._of_dead_workers(present)]
                    yield from found
                    if not found:
                        yield None
        finally:
            self._release()

    def _submit(self) -> None:
        """Send a task to each worker that has none."""
        busy = {worker for _, _, worker in self._flight.values()}
        for worker in self._workers.ready:
            if worker in busy or not self._waiting:
                continue
            place, key = self._waiting.pop(), f"{self._run}-{uuid.uuid4().hex}"
            future = self._client.submit(
                self._call, *self._arguments(place),
                key=key, workers=[worker], allow_other_workers=False, retries=0,
            )  # fmt: skip
            self._flight[key] = future, place, worker
            future.add_done_callback(self._ended.put)

    def _next(self) -> Iterator[TaskEnd[R]]:
        """Wait a while for the end of a task."""
        try:
            future = self._ended.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return
        if future.key not in self._flight:  # a worker is prepared, or the task was taken back already
            self._looked = -math.inf
            return
        _, place, _ = self._flight.pop(future.key)
        found = self._end(future, place)
        if found is not None:
            yield found
            return
        self._check_scheduler()
        yield from self._taken_back(place)

    def _end(self, future: Future, place: int) -> TaskEnd[R] | None:
        """The end of a task; None where it was lost with its worker."""
        from distributed import KilledWorker

        if future.status == "error":
            error = future.exception(timeout=_GATHER_SECONDS)
            return None if isinstance(error, KilledWorker) else TaskEnd(place, None, error)
        if future.status != "finished":
            return None
        try:
            return TaskEnd(place, future.result(timeout=_GATHER_SECONDS), None)
        except Exception:  # Dask raises what its parts raise, when a worker dies with a result that was not fetched
            return None

    def _of_dead_workers(self, present: set[str] | None) -> Iterator[TaskEnd[R]]:
        """Take back the tasks of workers that are no longer there."""
        for key, (future, place, worker) in list(self._flight.items()):
            if present is not None and worker not in present and future.status == "pending":
                del self._flight[key]
                future.cancel()
                yield from self._taken_back(place)

    def _taken_back(self, place: int) -> Iterator[TaskEnd[R]]:
        """Count the death of a task's worker, and let the task wait again, before all others, or give it up."""
        self._looked = -math.inf
        reached = self._progress(place)
        if reached != self._reached.get(place):
            self._deaths[place] = 0
            self._reached[place] = reached
        self._deaths[place] += 1
        if self._deaths[place] < MOST_DEATHS:
            self._waiting.append(place)
            return
        why = f"{MOST_DEATHS} workers died with it, one after the other: killed, or out of memory"
        yield TaskEnd(place, None, RunError(why))

    def _release(self) -> None:
        """Take back what is on the cluster; tasks that run there run to their end, and their results are dropped."""
        with suppress(Exception):  # the scheduler may be lost
            if self._client.status == "running":
                self._client.cancel([future for future, _, _ in self._flight.values()], force=True)
        self._flight.clear()
