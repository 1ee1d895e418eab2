"""Searches that query a table, many runs each, and the test accuracy of the chosen cells."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import Table
from harness.errors import SearchError, unknown
from harness.evaluation.columns import SPACE, TESTS, table_facts
from harness.evaluation.matching import space_of
from harness.evaluation.searches.fidelities import TableFidelities, table_fidelities, test_accuracies
from harness.evaluation.searches.proxy_scores import ProxyScores, scores_by_cell, sizes_by_cell
from harness.evaluation.searches.published import PUBLISHED_QUERIES
from harness.evaluation.searches.query_runs import QueryEnd, QueryTask, run_tasks
from harness.evaluation.searches.query_seconds import MODELLED, seconds_tables
from harness.progress import patient_bar
from harness.scoring.provenance import PROVENANCE
from harness.setting import derived_seed
from harness.spaces.listed import all_architectures
from harness.text.presented import Presented
from harness.versions import made_with

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client

    from harness.search.query.indexed import FloatArray
    from harness.search.query.methods import QueryMethod
    from harness.spaces.space import Space

LOG = logging.getLogger(__name__)

BUDGET_SECONDS = 12_000.0
RUNS = 500
ALL = "all"
EXACT = {"random": 1, "optimal_of_10": 10, "optimal_of_100": 100}
"""Rows that need no runs: number of random cells of which the best by the test accuracy itself is taken."""


@dataclass(frozen=True)
class TableSearches(Presented):
    """Results of searches on a table.

    Attributes:
        frame: a row for each search: `search`, `source`, `runs` (0 for an exact expectation), for each test column of
            the table its mean and standard deviation over the runs, `…_mean` and `…_std` (NaN for a single run),
            `seconds` and `queries` (means over the runs; NaN if the search queries nothing), and the numbers of a
            paper's row as `published_…`.
        chosen: cells that the runs of each search chose, in the order of the runs.
        skipped: reason why a search could not run, by its name.
        notes: sentences on how to read the numbers of these searches.
    """

    frame: pd.DataFrame
    chosen: Mapping[str, tuple[str, ...]]
    skipped: Mapping[str, str]
    notes: tuple[str, ...]


def table_searches(
    table: Table,
    names: Sequence[str] = (),
    *,
    runs: int = RUNS,
    seed: int = 0,
    budget_seconds: float = BUDGET_SECONDS,
    column: str | None = None,
    scores: ProxyScores | pd.DataFrame | None = None,
    seconds: Table | str | None = None,
    announce: Callable[[str], None] | None = None,
    progress: bool = False,
    client: Client | None = None,
) -> TableSearches:
    """Run searches that query a table, and look up the test accuracy of the cell that each run chose.

    Args:
        table: a table with a test accuracy of all cells of a space that states them as choices, such as NAS-Bench-201.
        names: names of the searches; without names, or with `all`, the exact rows and all searches that the table and
            the scores allow.
        runs: number of runs of each search.
        seed: seed of all runs; the runs of a search do not depend on which other searches are run.
        budget_seconds: simulated seconds of training that each run may spend.
        column: name of the accuracy that is queried; by default the validation accuracy on CIFAR-10 after 12 epochs.
        scores: scores for the searches that use a proxy: a frame as `harness.run` returns it, of which `nwot`,
            `m_trace` and `m_condition` are taken, or the result of `scores_by_cell` for other proxies.
        seconds: a table with the seconds of trainings, its name or path, or `modelled`; by default those of the table,
            else those of `nasbench201-seconds` if it is here, else a model. The notes say which it was.
        announce: called with a sentence before a search that takes long.
        progress: whether to draw a progress bar over the searches on standard error.
        client: a `distributed.Client`: each search runs on a worker of its cluster, with the same results.

    Raises:
        SearchError: an unknown search, a search whose scores or column are missing, a table of a space that no search
            can query or without values of all cells, scores of other cells, seconds of another space, no
            run, or a budget that is no finite positive number.
        TableError: an unknown column, or a table without cells of the space; a table of seconds that is not here.
        ScoresError: a frame of scores that holds none.
        SpaceError: scores of another space.
        RunError: the cluster's scheduler was lost, none of its workers can be used, or a search failed there.
    """
    import pandas as pd

    from harness.search.query.methods import METHODS

    for name in names:
        if name not in (ALL, *EXACT, *METHODS):
            raise SearchError(unknown("search", name, [ALL, *EXACT, *METHODS]))
    queries = _TableQueries(table, column, seconds)
    everything, looked_at = not names or ALL in names, _by_cell(scores, queries)
    tests, notes = test_accuracies(table, queries.keys)
    LOG.debug(
        "searches on the %s cells of %s, judged by %s", f"{len(queries.keys):,}", table.facts.name, ", ".join(tests)
    )
    ran: dict[str, QueryMethod] = {}
    tasks: dict[str, QueryTask] = {}
    skipped: dict[str, str] = {}
    wanted = [*EXACT, *METHODS] if everything else list(dict.fromkeys(names))
    for name in wanted:
        if name in EXACT:
            continue
        method = METHODS[name]
        if reason := _reason_not_run(method, queries, looked_at):
            if not everything:
                raise SearchError(f"{name} cannot run: {reason}")
            skipped[name] = reason
            continue
        ran[name] = method
        run_seed = derived_seed(seed, "query", name)
        tasks[name] = _task(method, queries, looked_at, runs, run_seed, budget_seconds)
    with patient_bar(progress, len(wanted), "searches", ("running", "ran"), alike=False) as advance:
        advance(len(wanted) - len(tasks))
        found = run_tasks(list(tasks.values()), client, announce, advance)
    ends = dict(zip(tasks, found, strict=True))
    for name, end in ends.items():
        if ran[name].queries:
            LOG.debug("%s: %d runs, %.1f queries each on average", name, len(end.cells), end.queries)
    chosen = {name: tuple(queries.keys[cell] for cell in end.cells.tolist()) for name, end in ends.items()}
    rows = [
        _exact_row(name, tests, queries) if name in EXACT else _row(ran[name], ends[name], tests, queries)
        for name in wanted
        if name not in skipped
    ]
    needed = [name for method in ran.values() for name in method.scores_needed]
    notes = (*notes, *looked_at.notes_on(needed), *_notes_on_fidelities(queries, ran))
    frame = pd.DataFrame(rows)
    queried = [
        name for method in ran.values() if method.queries for name in queries.fidelities(method.fidelities).columns
    ]
    asked = {"runs": runs, "seed": seed, "budget_seconds": budget_seconds, "queried": list(dict.fromkeys(queried))}
    frame.attrs[PROVENANCE] = made_with(table=table_facts(table, *tests), seconds=_seconds_facts(queries, ran), **asked)
    return TableSearches(frame, chosen, skipped, notes)


def _by_cell(given: ProxyScores | pd.DataFrame | None, queries: _TableQueries) -> ProxyScores:
    """The scores by cell; SearchError where they are not of as many cells as the space has."""
    if given is None:
        return ProxyScores()
    found = given if isinstance(given, ProxyScores) else scores_by_cell(given, space=queries.space.name)
    for name, values in found.by_cell.items():
        if len(values) != len(queries.keys):
            raise SearchError(
                f"the scores {name!r} are of {len(values):,} cells, the space {queries.space.name} has "
                f"{len(queries.keys):,}: make them by scores_by_cell(frame, space={queries.space.name!r})"
            )
    return found


class _TableQueries:
    """The fidelities that searches query in the table, looked up once for each number of trainings.

    Attributes:
        space: the space of the table.
        indexed: its cells as integers.
        keys: keys of the cells, in the order of the space.
    """

    def __init__(self, table: Table, column: str | None, seconds: Table | str | None) -> None:
        import numpy as np

        from harness.search.query.indexed import indexed

        self.space: Space = space_of(table)
        try:
            self.indexed = indexed(self.space)
        except SearchError as error:
            raise SearchError(f"{table.facts.name} is of the space {self.space.name}: {error}") from error
        self.keys = [self.space.key(cell) for cell in all_architectures(self.space)]
        self._table, self._column = table, column
        self._macs: FloatArray = np.array(sizes_by_cell(self.space)["flops"], dtype=np.float64)
        self._known: dict[int, TableFidelities] = {}
        self._seconds = seconds_tables(table, seconds, self.space.name)
        if column is not None:
            table.column(column)  # a wrong name is an error also if no search queries

    def fidelities(self, trainings: int) -> TableFidelities:
        """The fidelities of a search that queries this many trainings; SearchError if the table lacks them."""
        if trainings not in self._known:
            self._known[trainings] = table_fidelities(
                self._table, self.keys, self._macs, self._column, trainings=trainings, seconds=self._seconds
            )
        return self._known[trainings]


def _reason_not_run(method: QueryMethod, queries: _TableQueries, scores: ProxyScores) -> str:
    """Why a search cannot run; empty if it can. SearchError if no search can query the table."""
    if missing := [name for name in method.scores_needed if name not in scores.by_cell]:
        needed = " and ".join(missing)
        return f"it needs {needed} by cell: give --scores, and --proxy, --metric and --condition, or --metrics"
    if not method.queries:
        return ""
    first = queries.fidelities(1)
    if method.fidelities == 1:
        return ""
    try:
        found = queries.fidelities(method.fidelities)
    except SearchError as error:  # a column next to the first that lacks values
        return str(error)
    if method.fidelities > len(found.fidelities):
        return f"it needs a longer training in addition to {first.columns[0]}, which the table does not have"
    return ""


def _notes_on_fidelities(queries: _TableQueries, ran: Mapping[str, QueryMethod]) -> list[str]:
    """Notes on the queried columns; a note that is not on all searches names those that it is on."""
    asking = {name: queries.fidelities(method.fidelities).notes for name, method in ran.items() if method.queries}
    found = []
    for note in dict.fromkeys(note for notes in asking.values() for note in notes):
        by = [name for name, notes in asking.items() if note in notes]
        found.append(note if len(by) == len(asking) else f"{', '.join(by)}: {note}")
    return found


def _seconds_facts(queries: _TableQueries, ran: Mapping[str, QueryMethod]) -> dict[str, Any]:
    """For each search that queries, the table that its seconds of training are of, or `modelled`."""
    asked = {name: queries.fidelities(method.fidelities).seconds for name, method in ran.items() if method.queries}
    return {name: MODELLED if table is None else table_facts(table) for name, table in asked.items()}


def _task(
    method: QueryMethod, queries: _TableQueries, scores: ProxyScores, runs: int, seed: int, budget_seconds: float
) -> QueryTask:
    fidelities = queries.fidelities(method.fidelities).fidelities if method.queries else ()
    needed = {name: scores.by_cell[name] for name in method.scores_needed}
    return QueryTask(method.name, queries.indexed, fidelities, needed, runs, seed, budget_seconds)


def _row(
    method: QueryMethod,
    end: QueryEnd,
    tests: Mapping[str, FloatArray],
    queries: _TableQueries,
) -> dict[str, Any]:
    found, cells = {}, end.cells
    for column, values in tests.items():
        found[f"{column}_mean"] = float(values[cells].mean())
        found[f"{column}_std"] = float(values[cells].std()) if len(cells) > 1 else float("nan")
    row = {"search": method.name, "source": method.source, "runs": len(cells), **found}
    return row | {"seconds": end.seconds, "queries": end.queries} | _published(method.name, tests, queries)


def _exact_row(name: str, tests: Mapping[str, FloatArray], queries: _TableQueries) -> dict[str, Any]:
    from harness.stats import best_of_random

    found = {}
    for column, values in tests.items():
        found[f"{column}_mean"], found[f"{column}_std"] = best_of_random(values, values, EXACT[name])
    row = {"search": name, "source": "exact expectation", "runs": 0, **found}
    return {**row, "seconds": float("nan"), "queries": float("nan"), **_published(name, tests, queries)}


def _published(name: str, tests: Mapping[str, FloatArray], queries: _TableQueries) -> dict[str, Any]:
    row = PUBLISHED_QUERIES.get(name) if queries.space.name == SPACE else None
    found: dict[str, Any] = {
        "published": "" if row is None else row.label,
        "published_source": "" if row is None else row.source,
    }
    for dataset, column in TESTS.items():
        if column in tests:
            mean, deviation = (float("nan"), float("nan")) if row is None else getattr(row, dataset)
            found |= {f"published_{column}_mean": mean, f"published_{column}_std": deviation}
    seconds = None if row is None else row.seconds
    return {**found, "published_seconds": float("nan") if seconds is None else seconds}
