"""A paper's table of searches as a frame: our rows and the published ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from harness.evaluation import Table
from harness.evaluation.columns import FOR_THE_RECORD, SPACE, TESTS
from harness.evaluation.searches.published import PublishedSearch
from harness.search import find_method
from harness.spaces import open_space
from harness.studies.kinds import Best, NotRun, Queried, Row, Searched, TabulatedCell
from harness.studies.searches.pool import PRESET
from harness.studies.searches.runs import Failure, Run

OURS, PAPERS = "ours", "published"
REASON_NOT_RUN, SCORES_USED = "hindrance", "seen"
"""Columns of `queried.csv`."""


def search_rows_frame(
    rows: Sequence[Row],
    table: Table,
    queried: pd.DataFrame,
    log: pd.DataFrame,
    columns: Mapping[str, Any],
    failed: Mapping[Run, Failure] | None = None,
) -> pd.DataFrame:
    """The rows of a table of searches as a frame: each of ours, then the published ones for it.

    Args:
        rows: rows of a paper's table.
        table: the table of test accuracies.
        queried: rows of `harness.evaluation.searches.table_searches`, with the columns `REASON_NOT_RUN` and
            `SCORES_USED`, empty where a search was run or uses no scores.
        log: logs of the finished searches by gradients, with `method`, `seed`, `how` and `…_for_the_record`.
        columns: test accuracies of the table, of all cells, by column.
        failed: searches by gradients that failed, each with its failure.

    Returns:
        `row`, `whose` (`ours` or `published`), `label` (the row's, or the search's name in the paper), `source` (our
        search, or the paper), `runs` that ended (NaN where not known), for each column `…_mean` and `…_std` (NaN where
        not known), `seconds` of a search, `preset` of a search by gradients, and for each column of a published row
        `…_difference` (ours less the published mean) and `…_inside`: whether the published mean lies in the 95 %
        interval of our mean over its runs (Student's t; None of a single run, or of an exact expectation).
    """
    found = []
    for row in rows:
        ours = _ours(row, table, queried, log, columns, failed or {})
        found.append({"row": row.label, "whose": OURS, "label": row.label, **ours})
        found += [_printed(row.label, item, columns) | _difference(ours, item, columns) for item in row.published]
    return pd.DataFrame(found)


def _ours(
    row: Row,
    table: Table,
    queried: pd.DataFrame,
    log: pd.DataFrame,
    columns: Mapping[str, Any],
    failed: Mapping[Run, Failure],
) -> dict[str, Any]:
    kind = row.ours
    if isinstance(kind, NotRun):
        return _values(f"not run: {kind.reason}", math.nan, columns, {})
    if isinstance(kind, TabulatedCell):
        space = open_space(SPACE)
        key = space.key(space.parse(kind.architecture))
        return _values("the tabulated cell", math.nan, columns, {name: table.values([key], name) for name in columns})
    if isinstance(kind, Best):
        return _values(
            "the highest of each column", math.nan, columns, {name: [columns[name].max()] for name in columns}
        )
    if isinstance(kind, Queried):
        return _of_query(kind.name, queried, columns)
    lost = [failure for run, failure in failed.items() if run.method == kind.method]
    return _of_search(kind, log, columns, lost)


def _values(
    source: str, runs: float, columns: Mapping[str, Any], values: Mapping[str, Any], seconds: float = math.nan
) -> dict[str, Any]:
    """A row from the values of its runs; the deviation is over the runs, and NaN for a single run."""
    found: dict[str, Any] = {"source": source, "runs": runs}
    for name in columns:
        of_runs = np.asarray(values.get(name, []), dtype=float)
        found[f"{name}_mean"] = float(of_runs.mean()) if len(of_runs) else math.nan
        found[f"{name}_std"] = float(of_runs.std(ddof=1)) if len(of_runs) > 1 else math.nan
    return {**found, "seconds": seconds}


def _of_query(name: str, queried: pd.DataFrame, columns: Mapping[str, Any]) -> dict[str, Any]:
    row = queried[queried["search"] == name].iloc[0]
    if isinstance(row[REASON_NOT_RUN], str):
        return _values(f"not run: {row[REASON_NOT_RUN]}", math.nan, columns, {})
    found = {f"{column}_{end}": row[f"{column}_{end}"] for column in columns for end in ("mean", "std")}
    runs = float(row["runs"]) or math.nan
    source = "exact expectation" if math.isnan(runs) else "queried here"
    if row["seconds"] > 0:
        source += ", simulated seconds"
    if isinstance(row[SCORES_USED], str):
        source += f", {row[SCORES_USED]}"
    return {"source": source, "runs": runs, **found, "seconds": row["seconds"]}


def _of_search(
    kind: Searched, log: pd.DataFrame, columns: Mapping[str, Any], lost: Sequence[Failure]
) -> dict[str, Any]:
    """A row with the mean over the finished searches; its source says how many failed."""
    of_method = log[log["method"] == kind.method]
    if of_method.empty:
        return _values(f"failed: {lost[0].brief}", 0, columns, {})
    chosen, seconds = [], []
    for _, run in of_method.groupby("seed", sort=False):
        until = run if kind.after is None else run[run["epoch"] <= kind.after]
        chosen.append(until.iloc[-1])
        seconds.append(float(until["seconds"].sum(min_count=1)))
    values = {name: [float(row[f"{name}{FOR_THE_RECORD}"]) for row in chosen] for name in columns}
    passed = int(chosen[0]["epoch"])
    steps = find_method(kind.method).setting(SPACE, PRESET).steps_per_epoch
    count, unit = (passed, "epoch") if steps is None else (passed * steps, "step")
    length = f"{count} {unit}{'s' * (count != 1)}"
    how = str(chosen[0]["how"])
    source = f"{kind.method}, {length}, {how}"
    if lost:
        verb = "diverged" if all(failure.diverged for failure in lost) else "failed"
        source += f"; {len(lost)} of {len(lost) + len(chosen)} seeds {verb}"
    found = _values(source, len(chosen), columns, values, float(np.mean(seconds)))
    return {**found, "preset": how.partition(",")[0].removeprefix("preset ")}


def _printed(label: str, item: PublishedSearch, columns: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"row": label, "whose": PAPERS, "label": item.label}
    found |= {"source": item.source, "runs": math.nan}
    for dataset, column in TESTS.items():
        if column in columns:
            found[f"{column}_mean"], found[f"{column}_std"] = getattr(item, dataset)
    return {**found, "seconds": math.nan if item.seconds is None else item.seconds}


def _difference(ours: Mapping[str, Any], item: PublishedSearch, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Our mean less a published one, and whether the published one lies in our interval."""
    found: dict[str, Any] = {}
    for dataset, column in TESTS.items():
        if column in columns:
            mean, deviation, runs = ours[f"{column}_mean"], ours[f"{column}_std"], ours["runs"]
            found[f"{column}_difference"] = difference = mean - getattr(item, dataset)[0]
            half = float(stats.t.ppf(0.975, runs - 1)) * deviation / math.sqrt(runs) if runs > 1 else math.nan
            found[f"{column}_inside"] = None if math.isnan(half * difference) else abs(difference) <= half
    return found
