"""Searches that query NAS-Bench-201, many runs each, and the test accuracy of what they choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import Table
from harness.errors import SearchError, unknown
from harness.evaluation.columns import SPACE, TESTS
from harness.evaluation.searches.fidelities import TableFidelities, table_fidelities, test_accuracies
from harness.evaluation.searches.proxy_scores import ProxyScores, scores_by_cell, sizes_by_cell
from harness.evaluation.searches.published import PUBLISHED
from harness.setting import derived_seed
from harness.spaces import open_space
from harness.spaces.space import all_architectures

if TYPE_CHECKING:
    import pandas as pd

    from harness.search.query.indexed import CellArray, FloatArray
    from harness.search.query.methods import QueryMethod

BUDGET_SECONDS = 12_000.0
RUNS = 500
ALL = "all"
EXACT = {"random": 1, "optimal_of_10": 10, "optimal_of_100": 100}
"""Rows that need no runs: the best of so many random cells by the test accuracy itself."""
_LONG_SECONDS = 10


@dataclass(frozen=True)
class TableSearches:
    """What searches found in a table.

    Attributes:
        frame: a row a search: `search`, `source`, `runs` (0 for an exact expectation), for each test column of the
            table its mean and standard deviation over the runs, `…_mean` and `…_std` (NaN for a single run), `seconds`
            and `queries` (means over the runs; NaN where no accuracy is asked for), and as `published_…` the same of a
            paper's row.
        chosen: the chosen cells of each search, its runs in order.
        skipped: searches that could not run, and why.
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
    announce: Callable[[str], None] | None = None,
) -> TableSearches:
    """Run searches against a table and look up the test accuracy of what each run chose, by the best it asked for.

    Args:
        table: of NAS-Bench-201, with a test accuracy of all cells.
        names: of the searches, each run once; without any, or with `all`, all that the table and the scores allow,
            and the exact rows.
        runs: of each search.
        seed: of all runs; a search's runs do not depend on which others there are.
        budget_seconds: of each run.
        column: accuracy that is asked for, by default the validation accuracy on CIFAR-10 after 12 epochs.
        scores: of proxies, for the searches that look at one: as `harness.run` returns them, of which `nwot`,
            `m_trace` and `m_condition` are taken, or what `scores_by_cell` makes of others.
        announce: told of a search that takes long, before it begins.

    Raises:
        SearchError: an unknown search, one whose scores or column are missing, a table of another space, or without
            values of all cells; no run, or a budget that is no finite positive number.
        TableError: an unknown column, or a table without cells of the space.
        ScoresError: a frame of scores that holds none.
        SpaceError: scores of another space.
    """
    import pandas as pd

    from harness.search.query.methods import METHODS

    for name in names:
        if name not in (ALL, *EXACT, *METHODS):
            raise SearchError(unknown("search", name, [ALL, *EXACT, *METHODS]))
    if table.facts.space != SPACE:
        raise SearchError(f"searches query tables of {SPACE}; {table.facts.name} is of the space {table.facts.space}")
    everything, looked_at = not names or ALL in names, _by_cell(scores)
    queries = _TableQueries(table, column)
    tests, notes = test_accuracies(table, queries.keys)
    rows, chosen, skipped = [], {}, {}
    ran: dict[str, QueryMethod] = {}
    for name in [*EXACT, *METHODS] if everything else dict.fromkeys(names):
        if name in EXACT:
            rows.append(_exact_row(name, tests))
            continue
        method = METHODS[name]
        if reason := _reason_not_run(method, queries, looked_at):
            if not everything:
                raise SearchError(f"{name} cannot run: {reason}")
            skipped[name] = reason
            continue
        if announce and method.seconds_per_run * runs >= _LONG_SECONDS:
            announce(f"{name}: {runs:,} runs take about {method.seconds_per_run * runs:,.0f} s")
        cells, spent = _run(method, queries, looked_at, runs, derived_seed(seed, "query", name), budget_seconds)
        rows.append(_row(method, cells, spent, tests))
        chosen[name] = tuple(queries.keys[cell] for cell in cells.tolist())
        ran[name] = method
    needed = [name for method in ran.values() for name in method.scores_needed]
    notes = (*notes, *looked_at.notes_on(needed), *_notes_on_fidelities(queries, ran))
    return TableSearches(pd.DataFrame(rows), chosen, skipped, notes)


def _by_cell(given: ProxyScores | pd.DataFrame | None) -> ProxyScores:
    if isinstance(given, ProxyScores):
        return given
    return ProxyScores() if given is None else scores_by_cell(given)


class _TableQueries:
    """The fidelities that each kind of search may query in the table, looked up once: by how many it asks for."""

    def __init__(self, table: Table, column: str | None) -> None:
        import numpy as np

        space = open_space(SPACE)
        self.keys = [space.key(cell) for cell in all_architectures(space)]
        self._table, self._column = table, column
        self._macs: FloatArray = np.array(sizes_by_cell()["flops"], dtype=np.float64)
        self._known: dict[int, TableFidelities] = {}
        if column is not None:
            table.column(column)  # a wrong name is an error also where nothing is asked

    def fidelities(self, trainings: int) -> TableFidelities:
        """The fidelities of a search that asks for so many; SearchError where the table cannot answer."""
        if trainings not in self._known:
            self._known[trainings] = table_fidelities(
                self._table, self.keys, self._macs, self._column, trainings=trainings
            )
        return self._known[trainings]


def _reason_not_run(method: QueryMethod, queries: _TableQueries, scores: ProxyScores) -> str:
    """Why a search cannot run, or nothing; SearchError where no search can."""
    if missing := [name for name in method.scores_needed if name not in scores.by_cell]:
        return f"it needs {' and '.join(missing)} by cell: give --scores, and --proxy or --metric and --condition"
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
        return f"it needs a longer training beside {first.columns[0]}, which the table does not have"
    return ""


def _notes_on_fidelities(queries: _TableQueries, ran: Mapping[str, QueryMethod]) -> list[str]:
    """Notes on the columns that were queried, with the searches that did so where not all did."""
    asking = {name: queries.fidelities(method.fidelities).notes for name, method in ran.items() if method.queries}
    found = []
    for note in dict.fromkeys(note for notes in asking.values() for note in notes):
        by = [name for name, notes in asking.items() if note in notes]
        found.append(note if len(by) == len(asking) else f"{', '.join(by)}: {note}")
    return found


def _run(
    method: QueryMethod, queries: _TableQueries, scores: ProxyScores, runs: int, seed: int, budget_seconds: float
) -> tuple[CellArray, tuple[float, float]]:
    """Chosen cells, and the mean seconds and queries."""
    import numpy as np

    from harness.search.query.indexed import NASBENCH201
    from harness.search.query.oracle import Fidelity, Oracle

    of_search, of_oracle = np.random.default_rng(seed).spawn(2)
    cells = len(NASBENCH201)
    nothing = Fidelity(np.zeros((1, cells)), np.ones(cells))
    oracle = Oracle(
        queries.fidelities(method.fidelities).fidelities if method.queries else [nothing],
        runs=runs,
        budget_seconds=budget_seconds,
        crossing=method.crossing,
        generator=of_oracle,
    )
    needed = {name: scores.by_cell[name] for name in method.scores_needed}
    chosen = method.search(oracle, NASBENCH201, of_search, **needed)
    if not method.queries:
        return chosen, (np.nan, np.nan)
    return chosen, (float(oracle.spent.mean()), float(oracle.queries.mean()))


def _row(
    method: QueryMethod, cells: CellArray, spent: tuple[float, float], tests: Mapping[str, FloatArray]
) -> dict[str, Any]:
    found = {}
    for column, values in tests.items():
        found[f"{column}_mean"] = float(values[cells].mean())
        found[f"{column}_std"] = float(values[cells].std()) if len(cells) > 1 else float("nan")
    seconds, queries = spent
    row = {"search": method.name, "source": method.source, "runs": len(cells), **found}
    return {**row, "seconds": seconds, "queries": queries, **_published(method.name, tests)}


def _exact_row(name: str, tests: Mapping[str, FloatArray]) -> dict[str, Any]:
    from harness.stats import best_of_random

    found = {}
    for column, values in tests.items():
        found[f"{column}_mean"], found[f"{column}_std"] = best_of_random(values, values, EXACT[name])
    row = {"search": name, "source": "exact expectation", "runs": 0, **found}
    return {**row, "seconds": float("nan"), "queries": float("nan"), **_published(name, tests)}


def _published(name: str, tests: Mapping[str, FloatArray]) -> dict[str, Any]:
    row = PUBLISHED.get(name)
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
