"""What runs on a cluster's workers: tasks of one group, with the batch that the worker holds already."""

from __future__ import annotations

import functools
import importlib
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from harness.scoring.allocation import keep_memory
from harness.scoring.engine import ScoringTask, TaskScores, score_task
from harness.scoring.watching import Step

Item = tuple[str, str, tuple[str, ...]]
"""What tasks of one group differ in: the architecture's string, fingerprint, and names of proxies."""
StepKey = tuple[str, ...]
"""Where the scheduler keeps the step that a task is at."""


@dataclass(frozen=True)
class ChunkScores:
    """Scores of the tasks of a chunk.

    Attributes:
        scores: scores of the first tasks, all of them unless one failed.
        seconds: time that they took together.
        failure: why the next task failed outside its network and proxies; empty if none did.
    """

    scores: list[TaskScores]
    seconds: float
    failure: str = ""


def common_part(task: ScoringTask) -> ScoringTask:
    """What all tasks of one group share: everything but their `Item`."""
    return replace(task, key="", fingerprint="", names=())


def item_of(task: ScoringTask) -> Item:
    """What is sent with each task."""
    return task.key, task.fingerprint, task.names


def prepare() -> None:
    """Keep memory, and import what scoring needs, which takes seconds, so that no task's death falls into them."""
    keep_memory()
    for name in ("torch", "harness.scoring.scorer", "harness.spaces", "harness.measurements.session"):
        importlib.import_module(name)


def score_chunk(common: ScoringTask, items: Sequence[Item], step_key: StepKey | None = None) -> ChunkScores:
    """Score tasks of one group, one after the other.

    Args:
        common: what they share.
        items: what they differ in.
        step_key: where to tell the scheduler each step before it begins; None to tell nothing.
    """
    watch = None if step_key is None else functools.partial(_tell, step_key)
    start = time.perf_counter()
    scores: list[TaskScores] = []
    for key, fingerprint, names in items:
        if watch is not None:
            watch(Step("", names))
        task = replace(common, key=key, fingerprint=fingerprint, names=names)
        try:
            scores.append(score_task(task, watch))
        except (Exception, SystemExit) as error:  # as a text: the driver may not know the error's class
            return ChunkScores(scores, time.perf_counter() - start, f"{type(error).__name__}: {error}")
    return ChunkScores(scores, time.perf_counter() - start)


def _tell(key: StepKey, step: Step) -> None:
    """Tell the scheduler that a step begins; it has the message when this returns."""
    from distributed import get_client

    with suppress(Exception):  # the task goes on where the scheduler does not answer
        get_client().set_metadata(list(key), [step.doing, list(step.proxies)])
