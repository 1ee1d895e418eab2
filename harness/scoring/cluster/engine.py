"""The engine of a cluster: runs tasks on the workers of a Dask scheduler, which may die, join late and differ."""

from __future__ import annotations

import math
import queue
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import RunError
from harness.scoring.cluster.connection import in_workers
from harness.scoring.cluster.dispatcher import LOOK_SECONDS, Dispatcher
from harness.scoring.cluster.work import ChunkScores, StepKey, common_part, item_of, score_chunk
from harness.scoring.deaths import Deaths, What
from harness.scoring.engine import ScoringTask, TaskScores
from harness.scoring.watching import Step
from harness.text.shown import reason

if TYPE_CHECKING:
    from distributed import Client, Future

_CHUNK_SECONDS = 1.0
"""Work that is sent to a worker at once: enough to make Dask's part small, and little to lose."""
_CHUNKS_PER_WORKER = 2  # one is computed while the next waits
_GATHER_SECONDS = 10
_MOST_GROUPS = 8  # of tasks, whose common parts the cluster holds
_MOST_VAIN = 20  # attempts in a row that end without a result and without a death that is known to be a task's


@dataclass(frozen=True)
class _Chunk:
    """Tasks that are on a worker.

    Attributes:
        worker: the worker's address.
        tasks: tasks of one group.
        step_key: where the scheduler keeps the step that a task is at which runs alone; None for other tasks.
    """

    worker: str
    tasks: tuple[ScoringTask, ...]
    step_key: StepKey | None


class ClusterEngine(Dispatcher):
    """Runs tasks on a cluster and survives the death of its workers.

    What tasks of one group share, the batch above all, is scattered to all workers once. Every chunk of tasks is sent
    to one worker, so that Dask itself runs none again. When a worker dies, its tasks run again one by one, each alone
    on a worker, and tell the scheduler each step before they begin it. As in `harness.scoring.engine.Engine`, what was
    begun when two workers died is given up.

    Args:
        client: the cluster's client.
    """

    _where_kept = "in the store"

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._flight: dict[str, tuple[Future, _Chunk]] = {}
        self._waiting: list[ScoringTask] = []
        self._suspects: list[ScoringTask] = []
        self._deaths = Deaths()
        self._common: dict[ScoringTask, Future] = {}
        self._seconds: dict[ScoringTask, float] = {}  # a task's, by its group
        self._vain: Counter[What] = Counter()
        self._vain_scatters = 0
        self.more_at_hand = False  # whether the next scores come without waiting for a worker

    @property
    def note(self) -> str:
        """The number of workers, for a progress bar."""
        return in_workers(self._workers.count)

    def outcomes(self, tasks: Sequence[ScoringTask]) -> Iterator[tuple[ScoringTask, TaskScores]]:
        """Each task with its scores, in the order in which they finish.

        Raises:
            RunError: when a task fails outside its network and proxies, when the scheduler is lost, or when no worker
                can be used.
        """
        self._waiting = list(reversed(tasks))
        try:
            with self._scheduler_at_hand():
                self._look()
                while self._waiting or self._suspects or self._flight:
                    self._submit()
                    yield from self._finished()
                    yield from self._of_dead_workers()
        finally:
            self._release()

    def _submit(self) -> None:
        """Send chunks to workers that have few; a suspect only to a worker that has nothing, and then nothing else."""
        load = Counter(chunk.worker for _, chunk in self._flight.values())
        alone = {chunk.worker for _, chunk in self._flight.values() if chunk.step_key is not None}
        for depth in range(_CHUNKS_PER_WORKER):
            for worker in self._workers.ready:
                if load[worker] != depth or worker in alone:
                    continue
                if self._suspects:
                    sent = depth == 0 and self._send(worker, (self._suspects[-1],), alone=True)
                    del self._suspects[len(self._suspects) - sent :]
                else:
                    chunk = self._next_chunk()
                    sent = bool(chunk) and self._send(worker, chunk, alone=False)
                    del self._waiting[len(self._waiting) - len(chunk) * sent :]
                load[worker] += sent

    def _next_chunk(self) -> tuple[ScoringTask, ...]:
        """The next waiting tasks of one group, about `_CHUNK_SECONDS` of work, and a small part of what is left."""
        if not self._waiting:
            return ()
        group = common_part(self._waiting[-1])
        fair = math.ceil(len(self._waiting) / (_CHUNKS_PER_WORKER * self.workers))
        seconds = self._seconds.get(group)
        count = 1 if seconds is None else max(1, min(fair, int(_CHUNK_SECONDS / max(seconds, 1e-6))))
        chunk: list[ScoringTask] = []
        for task in reversed(self._waiting[-count:]):
            if common_part(task) != group:
                break
            chunk.append(task)
        return tuple(chunk)

    def _send(self, worker: str, tasks: tuple[ScoringTask, ...], *, alone: bool) -> bool:
        """Send tasks to a worker; False if what they share could not be sent to the cluster."""
        common = self._scattered(common_part(tasks[0]))
        if common is None:
            return False
        key = f"{self._run}-{uuid.uuid4().hex}"
        step_key = (self._run, key) if alone else None
        future = self._client.submit(
            score_chunk, common, [item_of(task) for task in tasks], step_key,
            key=key, workers=[worker], allow_other_workers=False, retries=0,
        )  # fmt: skip
        self._flight[key] = future, _Chunk(worker, tasks, step_key)
        future.add_done_callback(self._ended.put)
        return True

    def _scattered(self, group: ScoringTask) -> Future | None:
        """What the tasks of a group share, on the workers; None where these are lost while it is sent."""
        there = self._common.pop(group, None)
        if there is None or there.status != "finished":
            try:
                there = self._client.scatter(group, workers=self._workers.ready, broadcast=True, hash=False)
            except Exception as error:  # Dask raises what its parts raise, when a worker dies meanwhile
                self._check_scheduler()
                self._vain_scatters += 1
                if self._vain_scatters > _MOST_VAIN:
                    raise RunError(f"the batch cannot be sent to the workers: {reason(error)}") from error
                return None
        self._vain_scatters = 0
        self._common[group] = there
        while len(self._common) > _MOST_GROUPS:
            del self._common[next(iter(self._common))]
        return there

    def _finished(self) -> Iterator[tuple[ScoringTask, TaskScores]]:
        """Wait for a chunk and yield its scores."""
        try:
            future = self._ended.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return
        if future.key not in self._flight:  # a worker is prepared, or the chunk was given up already
            self._looked = -math.inf
            return
        _, chunk = self._flight.pop(future.key)
        found = self._result(future, chunk)
        if found is None:
            self._check_scheduler()
            self._looked = -math.inf
            dead = future.status == "error" or chunk.worker not in (self._look() or ())
            yield from self._requeue(chunk, dead)
            return
        group, each = common_part(chunk.tasks[0]), found.seconds / max(1, len(found.scores))
        self._seconds[group] = (self._seconds.get(group, each) + each) / 2
        for place, (task, scores) in enumerate(zip(chunk.tasks, found.scores, strict=False), start=1):
            self._vain.pop(task.what, None)
            self.more_at_hand = place < len(found.scores)
            yield task, {**self._deaths.given_up(task.what), **scores}
        if found.failure:
            task = chunk.tasks[len(found.scores)]
            raise RunError(f"scoring {task.key} failed outside its network and proxies: {found.failure}")

    def _result(self, future: Future, chunk: _Chunk) -> ChunkScores | None:
        """The scores of a chunk; None if they were lost with their worker."""
        from distributed import CancelledError, KilledWorker
        from distributed import TimeoutError as DaskTimeoutError

        try:
            found: ChunkScores = future.result(timeout=_GATHER_SECONDS)
        except (CancelledError, KilledWorker, OSError, DaskTimeoutError):
            return None
        except Exception as error:
            first = chunk.tasks[0].key
            raise RunError(f"scoring {first} failed outside its network and proxies: {reason(error)}") from error
        return found

    def _of_dead_workers(self) -> Iterator[tuple[ScoringTask, TaskScores]]:
        """Take back the tasks of workers that are no longer there."""
        present = self._look()
        if present is None:
            return
        for key, (future, chunk) in list(self._flight.items()):
            if chunk.worker not in present and future.status != "finished":
                del self._flight[key]
                future.cancel()
                yield from self._requeue(chunk, dead=True)

    def _requeue(self, chunk: _Chunk, dead: bool) -> Iterator[tuple[ScoringTask, TaskScores]]:
        """Put a chunk's tasks back; suspects if their worker died, without what has killed too many."""
        step = self._step(chunk)
        if dead and step is not None:
            (task,) = chunk.tasks
            names = self._deaths.names_left(task.what, task.names, step)
            if names:
                self._suspects.insert(0, replace(task, names=names))  # the last: it may have died by accident
            else:
                yield task, self._deaths.given_up(task.what)
            return
        for task in chunk.tasks:
            self._vain[task.what] += 1
            if self._vain[task.what] > _MOST_VAIN:
                raise RunError(
                    f"workers are lost again and again before they begin {task.key}; what was finished is in the store"
                )
        back = self._suspects if dead or chunk.step_key else self._waiting
        back.extend(reversed(chunk.tasks))

    def _step(self, chunk: _Chunk) -> Step | None:
        """The step that a task which ran alone began last; None where it began none, or the chunk has no such task."""
        found = None if chunk.step_key is None else self._client.get_metadata(list(chunk.step_key), None)
        return None if found is None else Step(found[0], tuple(found[1]))

    def _release(self) -> None:
        """Take back what is on the cluster; tasks that run there run to their end, and their scores are dropped."""
        with suppress(Exception):  # the scheduler may be lost
            if self._client.status == "running":
                self._client.cancel([future for future, _ in self._flight.values()], force=True)
                self._client.set_metadata([self._run], None)
        self._flight.clear()
        self._common.clear()
