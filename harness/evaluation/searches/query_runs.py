"""The runs of searches that query a table, on this machine or on the workers of a cluster, with the same results."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import RunError
from harness.text.shown import reason

if TYPE_CHECKING:
    from distributed import Client

    from harness.search.query.indexed import CellArray, FloatArray
    from harness.search.query.oracle import Fidelity
    from harness.spaces.searches import IndexedSpace

_LONG_SECONDS = 10


class QueryTask(NamedTuple):
    """All runs of one search, with all that they depend on.

    Attributes:
        name: name of the search.
        space: the space as integers.
        fidelities: what the oracle answers; empty for a search that queries nothing.
        scores: the scores that the search needs by name, shape [C] each.
        runs: number of runs.
        seed: seed of the runs.
        budget_seconds: seconds of training that each run may spend.
        queries: number of accuracies that a run may ask for; None for the search's own.
    """

    name: str
    space: IndexedSpace
    fidelities: tuple[Fidelity, ...]
    scores: Mapping[str, FloatArray]
    runs: int
    seed: int
    budget_seconds: float
    queries: int | None = None


class QueryEnd(NamedTuple):
    """What the runs of a search chose and spent.

    Attributes:
        cells: the chosen cells by index, shape [runs].
        seconds: seconds that a run spent, the mean over the runs; NaN for a search that queries nothing.
        queries: queries of a run, the mean over the runs; NaN for a search that queries nothing.
    """

    cells: CellArray
    seconds: float
    queries: float


def run_tasks(
    tasks: Sequence[QueryTask],
    client: Client | None,
    announce: Callable[[str], None] | None,
    advance: Callable[[int], None],
) -> list[QueryEnd]:
    """Run searches, one after the other here or each on a worker of a cluster; their ends in the order of the tasks.

    Args:
        tasks: the searches.
        client: client of a cluster; None to run here.
        announce: called with a sentence before a search that takes long, and on the cluster.
        advance: called with 1 when a search has ended.

    Raises:
        RunError: the cluster's scheduler was lost, none of its workers can be used, or a search failed there.
    """
    if client is not None:
        return _on_cluster(tasks, client, announce, advance)
    found = []
    for task in tasks:
        _announce(task, announce)
        found.append(run_task(task))
        advance(1)
    return found


def _announce(task: QueryTask, announce: Callable[[str], None] | None) -> None:
    from harness.search.query.methods import METHODS

    seconds = METHODS[task.name].seconds_per_run * task.runs
    if announce and seconds >= _LONG_SECONDS:
        announce(f"{task.name}: {task.runs:,} runs take about {seconds:,.0f} s")


def _on_cluster(
    tasks: Sequence[QueryTask], client: Client, announce: Callable[[str], None] | None, advance: Callable[[int], None]
) -> list[QueryEnd]:
    from harness.scoring.cluster.whole_tasks import WholeTasks

    running = WholeTasks(client, run_task, lambda place: (tasks[place],), len(tasks))
    if announce:
        announce(running.introduction())
    for task in tasks:
        _announce(task, announce)
    found: dict[int, QueryEnd] = {}
    with closing(running.ends()) as ends:
        for end in ends:
            if end is None:
                continue
            if end.result is None:
                why = reason(end.error) if isinstance(end.error, Exception) else repr(end.error)
                raise RunError(f"{tasks[end.place].name} failed on the cluster: {why}") from end.error
            found[end.place] = end.result
            advance(1)
    return [found[place] for place in range(len(tasks))]


def run_task(task: QueryTask) -> QueryEnd:
    """Run one search in this process."""
    import numpy as np

    from harness.search.query.methods import METHODS
    from harness.search.query.oracle import Fidelity, Oracle

    method = METHODS[task.name]
    of_search, of_oracle = np.random.default_rng(task.seed).spawn(2)
    oracle = Oracle(
        task.fidelities or [Fidelity(np.zeros((1, len(task.space))), np.ones(len(task.space)))],
        runs=task.runs,
        budget_seconds=task.budget_seconds,
        crossing=method.crossing,
        generator=of_oracle,
    )
    most = {} if task.queries is None else {"queries": task.queries}
    chosen = method.search(oracle, task.space, of_search, **task.scores, **most)
    if not method.queries:
        return QueryEnd(chosen, math.nan, math.nan)
    return QueryEnd(chosen, float(oracle.spent.mean()), float(oracle.queries.mean()))
