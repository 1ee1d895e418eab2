"""Searches that query NAS-Bench-201, many runs each, and the test accuracy of what they choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import Table
from harness.errors import ScoresError, SearchError, unknown
from harness.join import BASELINES
from harness.matching import matched_scores
from harness.setting import derived_seed
from harness.spaces import open_space
from harness.studies.published_searches import PUBLISHED
from harness.studies.queried_columns import Questions, questions_of

if TYPE_CHECKING:
    import pandas as pd

    from harness.search.queried.indexed import CellArray, FloatArray
    from harness.search.queried.methods import Method

SPACE = "nasbench201"
DATASETS = ("cifar10", "cifar100", "imagenet16_120")
TESTS = {dataset: f"{dataset}_test_200ep_pct" for dataset in DATASETS}
BUDGET_SECONDS = 12_000.0
RUNS = 500
EXACT = {"random": 1, "optimal_of_10": 10, "optimal_of_100": 100}
"""Rows that need no runs: the best of so many random cells by the test accuracy itself."""


@dataclass(frozen=True)
class TableSearches:
    """What searches found in a table.

    Attributes:
        frame: a row a search: `search`, `source`, `runs` (0 for an exact expectation), for each test column of the
            table its mean and standard deviation over the runs, `…_mean` and `…_std`, `seconds` and `queries` (means
            over the runs; NaN where no accuracy is asked for), and as `published_…` the same of a paper's row.
        chosen: the chosen cells of each search, its runs in order.
        skipped: searches that could not run, and why.
        remarks: how to read the numbers.
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
    guidance: Mapping[str, FloatArray] | None = None,
) -> TableSearches:
    """Run searches against a table and look up the test accuracy of what each run chose, by the best it asked for.

    Args:
        table: of NAS-Bench-201, with a value of all cells.
        names: of the searches; without any, all that the table and the guidance allow, and the exact rows.
        runs: of each search.
        seed: of all runs; a search's runs do not depend on which others there are.
        budget_seconds: of each run.
        column: accuracy that is asked for, by default the validation accuracy on CIFAR-10 after 12 epochs.
        guidance: from `guidance_of`, for the searches that look at a training-free score.

    Raises:
        SearchError: an unknown search, one whose guidance or column is missing, a table of another space, or one that
            lacks cells; no run, or no second.
        TableError: an unknown column, or a table without cells of the space.
    """
    import pandas as pd

    from harness.search.queried.methods import METHODS

    for name in names:
        if name not in EXACT and name not in METHODS:
            raise SearchError(unknown("search", name, [*EXACT, *METHODS]))
    if table.facts.space != SPACE:
        raise SearchError(f"searches query tables of {SPACE}; {table.facts.name} is of the space {table.facts.space}")
    keys, multiply_adds = _cells()
    tests = {name: table.values(keys, name) for name in TESTS.values() if name in table.column_names}
    questions = questions_of(table, keys, multiply_adds, column)
    rows, chosen, skipped = [], {}, {}
    for name in names or [*EXACT, *METHODS]:
        if name in EXACT:
            rows.append(_exact_row(name, tests))
            continue
        method = METHODS[name]
        if reason := _hindrance(method, questions, guidance or {}):
            if names:
                raise SearchError(f"{name} cannot run: {reason}")
            skipped[name] = reason
            continue
        cells, spent = _run(method, questions, guidance or {}, runs, derived_seed(seed, "query", name), budget_seconds)
        rows.append(_row(method, cells, spent, tests))
        chosen[name] = tuple(keys[cell] for cell in cells.tolist())
    return TableSearches(pd.DataFrame(rows), chosen, skipped, questions.remarks)


def guidance_of(
    frame: pd.DataFrame | None, *, proxy: str, metric: str = "m_trace", condition: str = "m_condition"
) -> tuple[dict[str, FloatArray], str]:
    """Scores by cell for the searches that look at them, and a remark on which they are and how many.

    Args:
        frame: as `harness.run` returns it; None where only `params` or `flops` are wanted.
        proxy: the score of `best_of_…` and of the warmed-up evolutions.
        metric: HNAS's M; the guidance lacks it where the frame does.
        condition: proxy whose negative is HNAS's κ.

    Returns:
        `scores`, `metric` and `condition`, each of shape [C], NaN for a cell without a score.

    Raises:
        ScoresError: a proxy without a score, with the nearest name.
    """
    import numpy as np

    scores = {} if frame is None else _by_cell(frame)
    sizes = {name: np.asarray(values, dtype=np.float64) for name, values in zip(BASELINES, _sizes(), strict=True)}
    known = {**sizes, **scores}
    if proxy not in known:
        raise ScoresError(unknown("proxy of the scores", proxy, known))
    guidance = {"scores": known[proxy]}
    if metric in known and condition in known:
        guidance |= {"metric": known[metric], "condition": -known[condition]}
    count = int((~np.isnan(known[proxy])).sum())
    remark = f"{count:,} of {len(known[proxy]):,} cells have a score of {proxy}"
    remark += "" if count == len(known[proxy]) else "; these are drawn from"
    return guidance, remark + ("" if proxy == "nwot" else "; the published NASWOT rows are by nwot")


def _by_cell(frame: pd.DataFrame) -> dict[str, FloatArray]:
    """Score of every proxy that has one, by cell in the order of the space; NaN where there is none."""
    import numpy as np

    space = open_space(SPACE)
    scores = matched_scores(frame, space).scores
    place = {space.key(architecture): at for at, architecture in enumerate(space)}
    found: dict[str, FloatArray] = {}
    for proxy, group in scores[scores["score"].notna()].groupby("proxy", sort=False):
        values = np.full(len(place), np.nan)
        values[[place[key] for key in group["architecture"]]] = group["score"]
        found[str(proxy)] = values
    return found


def _cells() -> tuple[list[str], FloatArray]:
    """Keys of all cells in the order of the space, and their multiply-adds."""
    import numpy as np

    space = open_space(SPACE)
    return [space.key(cell) for cell in space], np.array(_sizes()[1], dtype=np.float64)


def _sizes() -> tuple[list[int], list[int]]:
    """Parameters and multiply-adds of all cells, in the order of the space."""
    space = open_space(SPACE)
    return [space.parameter_count(cell) for cell in space], [space.multiply_adds(cell) for cell in space]


def _hindrance(method: Method, questions: Questions, guidance: Mapping[str, FloatArray]) -> str:
    """Why a search cannot run, or nothing."""
    if missing := [name for name in method.guidance if name not in guidance]:
        return f"it needs {' and '.join(missing)} by cell: give --scores, and --proxy or --metric and --condition"
    if method.fidelities > len(questions.fidelities):
        return f"it needs a longer training beside {questions.columns[0]}, which the table does not have"
    return ""


def _run(
    method: Method,
    questions: Questions,
    guidance: Mapping[str, FloatArray],
    runs: int,
    seed: int,
    budget_seconds: float,
) -> tuple[CellArray, tuple[float, float]]:
    """Chosen cells, and the mean seconds and queries."""
    import numpy as np

    from harness.search.queried.indexed import NASBENCH201
    from harness.search.queried.oracle import Oracle

    of_search, of_oracle = np.random.default_rng(seed).spawn(2)
    oracle = Oracle(
        questions.fidelities[: method.fidelities],
        runs=runs,
        budget_seconds=budget_seconds,
        crossing=method.crossing,
        generator=of_oracle,
    )
    needed = {name: guidance[name] for name in method.guidance}
    cells = method.search(oracle, NASBENCH201, of_search, **needed)
    if not method.queries:
        return cells, (np.nan, np.nan)
    return cells, (float(oracle.spent.mean()), float(oracle.queries.mean()))


def _row(
    method: Method, cells: CellArray, spent: tuple[float, float], tests: Mapping[str, FloatArray]
) -> dict[str, Any]:
    found = {}
    for column, values in tests.items():
        found[f"{column}_mean"] = float(values[cells].mean())
        found[f"{column}_std"] = float(values[cells].std())
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
