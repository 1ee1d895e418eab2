"""Searches that query a table, many runs each, and the test accuracy of the chosen cells."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import Table
from harness.errors import SearchError, check_whole, unknown
from harness.evaluation.columns import SPACE, TESTS, table_facts
from harness.evaluation.searches.fidelities import is_counted, test_accuracies
from harness.evaluation.searches.proxy_scores import ProxyScores, scores_by_cell
from harness.evaluation.searches.published import PUBLISHED_QUERIES
from harness.evaluation.searches.query_runs import QueryEnd, QueryTask, run_tasks
from harness.evaluation.searches.table_queries import (
    TableQueries,
    check_queries,
    notes_on_ends,
    notes_on_fidelities,
    seconds_facts,
)
from harness.progress import patient_bar
from harness.scoring.provenance import PROVENANCE
from harness.setting import derived_seed
from harness.text.presented import Presented
from harness.versions import made_with

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client

    from harness.search.query.indexed import FloatArray
    from harness.search.query.methods import QueryMethod

LOG = logging.getLogger(__name__)

BUDGET_SECONDS = 12_000.0
BUDGET_QUERIES = 500
"""Queries of a run where they are counted instead of seconds."""
RUNS = 500
ALL = "all"
_BY_NAME = "a run takes about {0.seconds_per_run:.0f} s of computing: name it to run it"
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
    queries: int | None = None,
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
            the scores allow, but those that fit predictors, which run only where they are named too.
        runs: number of runs of each search.
        seed: seed of all runs; the runs of a search do not depend on which other searches are run.
        budget_seconds: simulated seconds of training that each run may spend.
        queries: number of accuracies that a run of HNAS, RoBoT, `largest`, SemiNAS, NAO or the forest may ask for, as
            far as its seconds last; by default 20 for the first three, as in their papers, and 100 for the others. In a
            table that does not say how long its trainings take, it is the budget of every search, by default 500.
        column: name of the accuracy that is queried; by default the validation accuracy on CIFAR-10 after 12 epochs, or
            that of the table's data set.
        scores: scores for the searches that use a proxy: a frame as `harness.run` returns it, of which `nwot`, `knas`,
            `m_trace`, `m_condition` and RoBoT's six are taken, or the result of `scores_by_cell` for other proxies.
        seconds: a table with the seconds of trainings, its name or path, or `modelled`; by default those of the table,
            else those of `nasbench201-seconds` if it is here, else a model. The notes say which it was.
        announce: called with a sentence before a search that takes long.
        progress: whether to draw a progress bar over the searches on standard error.
        client: a `distributed.Client`: each search runs on a worker of its cluster, with the same results.

    Raises:
        SearchError: an unknown search, a number of queries that none of the searches takes, a search whose scores or
            column are missing, a table of a space that no search can query or without values of all cells, scores of
            other cells, seconds of another space, no run, or a budget that is no finite positive number.
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
    asked_of = TableQueries(table, column, seconds)
    budget_seconds = _budget(asked_of, [] if ALL in names else names, queries, budget_seconds)
    everything, looked_at = not names or ALL in names, _by_cell(scores, asked_of)
    tests, notes = test_accuracies(table, asked_of.keys)
    LOG.debug(
        "searches on the %s cells of %s, judged by %s", f"{len(asked_of.keys):,}", table.facts.name, ", ".join(tests)
    )
    ran: dict[str, QueryMethod] = {}
    tasks: dict[str, QueryTask] = {}
    skipped: dict[str, str] = {}
    wanted = [*EXACT, *METHODS] if everything else list(dict.fromkeys(names))
    for name in wanted:
        if name in EXACT:
            continue
        method = METHODS[name]
        left_out = method.only_named and name not in names
        if reason := _BY_NAME.format(method) if left_out else _reason_not_run(method, asked_of, looked_at):
            if not everything:
                raise SearchError(f"{name} cannot run: {reason}")
            skipped[name] = reason
            continue
        ran[name] = method
        run_seed = derived_seed(seed, "query", name)
        tasks[name] = _task(method, asked_of, looked_at, runs, run_seed, budget_seconds, queries)
    with patient_bar(progress, len(wanted), "searches", ("running", "ran"), alike=False) as advance:
        advance(len(wanted) - len(tasks))
        found = run_tasks(list(tasks.values()), client, announce, advance)
    ends = dict(zip(tasks, found, strict=True))
    for name, end in ends.items():
        if ran[name].queries:
            LOG.debug("%s: %d runs, %.1f queries each on average", name, len(end.cells), end.queries)
    chosen = {name: tuple(asked_of.keys[cell] for cell in end.cells.tolist()) for name, end in ends.items()}
    rows = [
        _exact_row(name, tests, asked_of) if name in EXACT else _row(ran[name], ends[name], tests, asked_of)
        for name in wanted
        if name not in skipped
    ]
    needed = [name for method in ran.values() for name in method.scores_needed]
    notes = (
        *notes,
        *looked_at.notes_on(needed),
        *notes_on_fidelities(asked_of, ran),
        *([] if asked_of.counted else notes_on_ends(ran, ends, queries)),
    )
    frame = pd.DataFrame(rows)
    queried = [
        name for method in ran.values() if method.queries for name in asked_of.fidelities(method.fidelities).columns
    ]
    budget = {"queries": int(budget_seconds)} if asked_of.counted else {"budget_seconds": budget_seconds}
    asked = {"runs": runs, "seed": seed, **budget, "queried": list(dict.fromkeys(queried))}
    if queries is not None:
        asked["queries"] = queries
    frame.attrs[PROVENANCE] = made_with(table=table_facts(table, *tests), seconds=seconds_facts(asked_of, ran), **asked)
    return TableSearches(frame, chosen, skipped, notes)


def budget_in_words(table: Table, budget_seconds: float, queries: int | None) -> str:
    """What a run of a search in a table may spend."""
    if is_counted(table):
        return f"{queries or BUDGET_QUERIES:,} queries a run"
    return f"{budget_seconds:,.0f} s a run"


def _budget(asked_of: TableQueries, names: Sequence[str], queries: int | None, budget_seconds: float) -> float:
    """The budget of a run: the seconds, or the number of queries where each of them costs 1.

    Args:
        asked_of: what the searches query.
        names: names of the searches; none for all.
        queries: the given number of queries.
        budget_seconds: the given seconds.
    """
    if not asked_of.counted:
        check_queries(queries, names)
        return budget_seconds
    if budget_seconds != BUDGET_SECONDS:
        raise SearchError(f"{asked_of.name} does not say how long its trainings take: give queries, no budget_seconds")
    if queries is not None:
        check_whole("queries", queries, 1, SearchError)
    return float(BUDGET_QUERIES if queries is None else queries)


def _by_cell(given: ProxyScores | pd.DataFrame | None, queries: TableQueries) -> ProxyScores:
    """The scores by cell; SearchError where they are not of as many cells as the space has."""
    if given is None and not len(queries.space) == len(queries.indexed):
        return ProxyScores()  # scores are of architectures, and the cells are encodings
    found = given if isinstance(given, ProxyScores) else scores_by_cell(given, space=queries.space.name)
    for name, values in found.by_cell.items():
        if len(values) != len(queries.keys):
            raise SearchError(
                f"the scores {name!r} are of {len(values):,} cells, the space {queries.space.name} has "
                f"{len(queries.keys):,}: make them by scores_by_cell(frame, space={queries.space.name!r})"
            )
    return found


def _reason_not_run(method: QueryMethod, queries: TableQueries, scores: ProxyScores) -> str:
    """Why a search cannot run; empty if it can. SearchError if no search can query the table."""
    if missing := [name for name in method.scores_needed if name not in scores.by_cell]:
        needed = " and ".join(missing)
        if len(queries.space) != len(queries.indexed):
            return f"it needs {needed} by cell, and the searches of {queries.space.name} draw encodings"
        named = "" if missing == ["knas"] else ", and --proxy, --metric and --condition, or --metrics"
        return f"it needs {needed} by cell: give --scores{named}"
    if method.even_only and not queries.indexed.is_even:
        return f"it needs as many operations on every edge, which {queries.space.name} does not have"
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


def _task(
    method: QueryMethod,
    queries: TableQueries,
    scores: ProxyScores,
    runs: int,
    seed: int,
    budget_seconds: float,
    most: int | None,
) -> QueryTask:
    fidelities = queries.fidelities(method.fidelities).fidelities if method.queries else ()
    needed = {name: scores.by_cell[name] for name in method.scores_needed}
    most = most if method.most_queries and not queries.counted else None
    return QueryTask(method.name, queries.indexed, fidelities, needed, runs, seed, budget_seconds, most)


def _row(
    method: QueryMethod,
    end: QueryEnd,
    tests: Mapping[str, FloatArray],
    queries: TableQueries,
) -> dict[str, Any]:
    found, cells = {}, end.cells
    for column, values in tests.items():
        found[f"{column}_mean"] = float(values[cells].mean())
        found[f"{column}_std"] = float(values[cells].std()) if len(cells) > 1 else float("nan")
    row = {"search": method.name, "source": method.source, "runs": len(cells), **found}
    seconds = float("nan") if queries.counted else end.seconds
    return row | {"seconds": seconds, "queries": end.queries} | _published(method.name, tests, queries)


def _exact_row(name: str, tests: Mapping[str, FloatArray], queries: TableQueries) -> dict[str, Any]:
    from harness.stats import best_of_random

    found = {}
    for column, values in tests.items():
        found[f"{column}_mean"], found[f"{column}_std"] = best_of_random(values, values, EXACT[name])
    row = {"search": name, "source": "exact expectation", "runs": 0, **found}
    return {**row, "seconds": float("nan"), "queries": float("nan"), **_published(name, tests, queries)}


def _published(name: str, tests: Mapping[str, FloatArray], queries: TableQueries) -> dict[str, Any]:
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
