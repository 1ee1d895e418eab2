"""Searches that query NAS-Bench-201, many runs each, and the test accuracy of what they choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import Table
from harness.errors import SearchError, unknown
from harness.evaluation.columns import TESTS
from harness.evaluation.searches.fidelities import Questions, judged_by, questions_of
from harness.evaluation.searches.guidance import SPACE, Guidance, guidance_of, sizes_by_cell
from harness.evaluation.searches.published import PUBLISHED
from harness.setting import derived_seed
from harness.spaces import open_space
from harness.spaces.space import all_architectures

if TYPE_CHECKING:
    import pandas as pd

    from harness.search.query.indexed import CellArray, FloatArray
    from harness.search.query.methods import Method

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
        remarks: how to read the numbers of these searches.
    """

    frame: pd.DataFrame
    chosen: Mapping[str, tuple[str, ...]]
    skipped: Mapping[str, str]
    remarks: tuple[str, ...]


def table_searches(
    table: Table,
    names: Sequence[str] = (),
    *,
    runs: int = RUNS,
    seed: int = 0,
    budget_seconds: float = BUDGET_SECONDS,
    column: str | None = None,
    guidance: Guidance | pd.DataFrame | None = None,
    announce: Callable[[str], None] | None = None,
) -> TableSearches:
    """Run searches against a table and look up the test accuracy of what each run chose, by the best it asked for.

    Args:
        table: of NAS-Bench-201, with a test accuracy of all cells.
        names: of the searches, each run once; without any, or with `all`, all that the table and the guidance allow,
            and the exact rows.
        runs: of each search.
        seed: of all runs; a search's runs do not depend on which others there are.
        budget_seconds: of each run.
        column: accuracy that is asked for, by default the validation accuracy on CIFAR-10 after 12 epochs.
        guidance: for the searches that look at a training-free score: scores as `harness.run` returns them, of which
            `nwot`, `m_trace` and `m_condition` are taken, or what `guidance_of` makes of others.
        announce: told of a search that takes long, before it begins.

    Raises:
        SearchError: an unknown search, one whose guidance or column is missing, a table of another space, or without
            values of all cells; no run, or a budget that is no finite positive number.
        TableError: an unknown column, or a table without cells of the space.
        ScoresError: guidance that holds no scores.
        SpaceError: guidance of another space.
    """
    import pandas as pd

    from harness.search.query.methods import METHODS

    for name in names:
        if name not in (ALL, *EXACT, *METHODS):
            raise SearchError(unknown("search", name, [ALL, *EXACT, *METHODS]))
    if table.facts.space != SPACE:
        raise SearchError(f"searches query tables of {SPACE}; {table.facts.name} is of the space {table.facts.space}")
    everything, guided = not names or ALL in names, _guidance(guidance)
    desk = _Desk(table, column)
    tests, remarks = judged_by(table, desk.keys)
    rows, chosen, skipped = [], {}, {}
    ran: dict[str, Method] = {}
    for name in [*EXACT, *METHODS] if everything else dict.fromkeys(names):
        if name in EXACT:
            rows.append(_exact_row(name, tests))
            continue
        method = METHODS[name]
        if reason := _hindrance(method, desk, guided):
            if not everything:
                raise SearchError(f"{name} cannot run: {reason}")
            skipped[name] = reason
            continue
        if announce and method.seconds_a_run * runs >= _LONG_SECONDS:
            announce(f"{name}: {runs:,} runs take about {method.seconds_a_run * runs:,.0f} s")
        cells, spent = _run(method, desk, guided, runs, derived_seed(seed, "query", name), budget_seconds)
        rows.append(_row(method, cells, spent, tests))
        chosen[name] = tuple(desk.keys[cell] for cell in cells.tolist())
        ran[name] = method
    needed = [name for method in ran.values() for name in method.guidance]
    remarks = (*remarks, *guided.remarks_on(needed), *_remarks_on_questions(desk, ran))
    return TableSearches(pd.DataFrame(rows), chosen, skipped, remarks)


def _guidance(given: Guidance | pd.DataFrame | None) -> Guidance:
    if isinstance(given, Guidance):
        return given
    return Guidance() if given is None else guidance_of(given)


class _Desk:
    """What each kind of search may ask of the table, looked up once: by how many trainings it asks for."""

    def __init__(self, table: Table, column: str | None) -> None:
        import numpy as np

        space = open_space(SPACE)
        self.keys = [space.key(cell) for cell in all_architectures(space)]
        self._table, self._column = table, column
        self._multiply_adds: FloatArray = np.array(sizes_by_cell()["flops"], dtype=np.float64)
        self._known: dict[int, Questions] = {}
        if column is not None:
            table.column(column)  # a wrong name is an error also where nothing is asked

    def questions(self, trainings: int) -> Questions:
        """What a search of so many trainings asks; SearchError where the table cannot answer."""
        if trainings not in self._known:
            self._known[trainings] = questions_of(
                self._table, self.keys, self._multiply_adds, self._column, trainings=trainings
            )
        return self._known[trainings]


def _hindrance(method: Method, desk: _Desk, guidance: Guidance) -> str:
    """Why a search cannot run, or nothing; SearchError where no search can."""
    if missing := [name for name in method.guidance if name not in guidance.by_cell]:
        return f"it needs {' and '.join(missing)} by cell: give --scores, and --proxy or --metric and --condition"
    if not method.queries:
        return ""
    first = desk.questions(1)
    if method.fidelities == 1:
        return ""
    try:
        found = desk.questions(method.fidelities)
    except SearchError as error:  # a column beside the first that lacks values
        return str(error)
    if method.fidelities > len(found.fidelities):
        return f"it needs a longer training beside {first.columns[0]}, which the table does not have"
    return ""


def _remarks_on_questions(desk: _Desk, ran: Mapping[str, Method]) -> list[str]:
    """Remarks on what was asked, with the searches that asked where not all did."""
    asking = {name: desk.questions(method.fidelities).remarks for name, method in ran.items() if method.queries}
    found = []
    for remark in dict.fromkeys(remark for remarks in asking.values() for remark in remarks):
        by = [name for name, remarks in asking.items() if remark in remarks]
        found.append(remark if len(by) == len(asking) else f"{', '.join(by)}: {remark}")
    return found


def _run(
    method: Method, desk: _Desk, guidance: Guidance, runs: int, seed: int, budget_seconds: float
) -> tuple[CellArray, tuple[float, float]]:
    """Chosen cells, and the mean seconds and queries."""
    import numpy as np

    from harness.search.query.indexed import NASBENCH201
    from harness.search.query.oracle import Fidelity, Oracle

    of_search, of_oracle = np.random.default_rng(seed).spawn(2)
    cells = len(NASBENCH201)
    nothing = Fidelity(np.zeros((1, cells)), np.ones(cells))
    oracle = Oracle(
        desk.questions(method.fidelities).fidelities if method.queries else [nothing],
        runs=runs,
        budget_seconds=budget_seconds,
        crossing=method.crossing,
        generator=of_oracle,
    )
    needed = {name: guidance.by_cell[name] for name in method.guidance}
    chosen = method.search(oracle, NASBENCH201, of_search, **needed)
    if not method.queries:
        return chosen, (np.nan, np.nan)
    return chosen, (float(oracle.spent.mean()), float(oracle.queries.mean()))


def _row(
    method: Method, cells: CellArray, spent: tuple[float, float], tests: Mapping[str, FloatArray]
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
