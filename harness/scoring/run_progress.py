"""What a run says of itself: a bar with its workers and failures, and how long the rest will take."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.progress import progress_bar
from harness.text.shown import in_time

if TYPE_CHECKING:
    from harness.scoring.cluster.engine import ClusterEngine
    from harness.scoring.engine import Engine, ScoringTask
    from harness.scoring.scorer import Score
    from harness.scoring.trial import TrialEngine

LOG = logging.getLogger(__name__)
_TIMED = 3
"""Tasks of each worker that are timed before the time of a run is told, and the least share of all that they are."""


def timed_count(tasks: int, workers: int) -> int:
    """Number of tasks that are timed."""
    return min(_TIMED * workers, tasks // _TIMED)


def spread(tasks: Sequence[ScoringTask], first: int) -> list[ScoringTask]:
    """The tasks, before all others some that lie evenly among them, whose times tell that of the rest."""
    if not first:
        return list(tasks)
    chosen = {place * len(tasks) // first for place in range(first)}
    return [tasks[place] for place in sorted(range(len(tasks)), key=lambda place: (place not in chosen, place))]


@contextmanager
def run_progress(
    total: int, what: str, engine: Engine | ClusterEngine | TrialEngine, timed: int
) -> Iterator[Callable[[Iterable[Score]], None]]:
    """A bar; the function that it yields takes the scores of each architecture as they come.

    Args:
        total: number of tasks.
        what: what a task scores, in the plural.
        engine: the engine, which has a note on its workers.
        timed: number of tasks after which the time of the others is told; 0 to tell none.
    """
    failures: Counter[str] = Counter()
    done, begun = 0, time.monotonic()
    if introduction := engine.introduction():
        LOG.info("%s", introduction)
    with progress_bar(total, what) as advance:

        def step(scores: Iterable[Score]) -> None:
            nonlocal done, begun
            done += 1
            failures.update(score.status for score in scores if score.status != "ok")
            if done == 1:
                begun = time.monotonic()  # the workers have started
            elif done == timed:
                left = (time.monotonic() - begun) / (done - 1) * (total - done)
                LOG.info("about %s for the other %s", in_time(left), f"{total - done:,} {what}")
            counts = ", ".join(f"{count:,} {status}" for status, count in sorted(failures.items()))
            advance(", ".join(part for part in (engine.note, counts) if part))

        yield step
