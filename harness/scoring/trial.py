"""How many processes share a GPU best: a run's first tasks tell, scored by one process a GPU, then two, then four."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence

from harness.scoring.engine import Engine, ScoringTask, TaskScores
from harness.scoring.scorer import OUT_OF_MEMORY

LOG = logging.getLogger(__name__)
_TASKS = 4  # of each process, the first of which shows that it has started
_LARGEST_SHARE = 0.1  # of the tasks that are left, for one step of the trial
_LEAST_GAIN = 1.1  # in tasks a second, for twice as many processes
_MOST = 16


class TrialEngine:
    """Scores a run's first tasks with more and more processes a GPU, and the others with as many as were fastest.

    Each step of the trial doubles the processes, while that pays. Where memory runs out, the tasks that felt it are
    scored again among fewer processes. Few tasks are scored by one process a GPU. Scores do not depend on any of this.

    Args:
        open_engine: makes an engine of so many workers.
        devices: number of GPUs.
        most: largest number of workers; by default one for each processor.
        clock: seconds that go by.
    """

    def __init__(
        self,
        open_engine: Callable[[int], Engine],
        devices: int,
        *,
        most: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_engine = open_engine
        self._devices = devices
        self._most = min(_MOST, max(1, (most or os.cpu_count() or 1) // devices))
        self._clock = clock
        self._engine = open_engine(devices)

    @property
    def workers(self) -> int:
        """Number of tasks that run at once."""
        return self._engine.workers

    @property
    def note(self) -> str:
        """How many workers share a GPU, for a progress bar."""
        return f"{self.workers // self._devices} a GPU"

    @property
    def more_at_hand(self) -> bool:
        """Whether the next scores come without waiting for a worker."""
        return self._engine.more_at_hand

    def introduction(self) -> str:
        """Where the tasks run; for people."""
        return f"{self._engine.introduction()}; a trial finds how many workers share a GPU (--workers-per-device)"

    def outcomes(self, tasks: Sequence[ScoringTask]) -> Iterator[tuple[ScoringTask, TaskScores]]:
        """Each task with its scores, in the order in which they finish; errors are those of `Engine.outcomes`."""
        waiting, each, best, best_rate = list(tasks), 1, 1, 0.0
        while each <= self._most and each * self._devices * _TASKS <= _LARGEST_SHARE * len(waiting):
            count = each * self._devices * _TASKS
            self._engine = self._open_engine(each * self._devices)
            rate, back = yield from self._timed(waiting[:count])
            waiting = [*back, *waiting[count:]]
            if back or rate < _LEAST_GAIN * best_rate:
                break
            best, best_rate = each, rate
            each *= 2
        if best_rate:
            LOG.info("%d worker%s a GPU: %.3g architectures a second", best, "s" * (best > 1), best_rate)
        self._engine = self._open_engine(best * self._devices)
        yield from self._engine.outcomes(waiting)

    def _timed(
        self, tasks: Sequence[ScoringTask]
    ) -> Generator[tuple[ScoringTask, TaskScores], None, tuple[float, list[ScoringTask]]]:
        """Score tasks; how many a second once all workers have started, and those that lacked memory among others."""
        ends: list[float] = []
        back = []
        shared = self.workers > self._devices
        for task, scores in self._engine.outcomes(tasks):
            ends.append(self._clock())
            if shared and any(score.status == OUT_OF_MEMORY for score in scores.values()):
                back.append(task)
            else:
                yield task, scores
        begun = ends[self.workers - 1 : self.workers]
        return (len(ends) - self.workers) / max(ends[-1] - begun[0], 1e-9) if begun else 0.0, back
