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
from harness.evaluation.searches.null_models import MeanAndStd, all_convolutions, largest_of
from harness.evaluation.searches.published import PublishedSearch
from harness.search import find_method
from harness.spaces import open_space
from harness.studies.kinds import AllConvolutions, Best, LargestOf, NotRun, Queried, Row, Searched, TabulatedCell
from harness.studies.searches.record import spent_by
from harness.studies.searches.runs import QUICK, Failure, Run, name_of

OURS, PAPERS = "ours", "published"
REASON_NOT_RUN, SCORES_USED = "hindrance", "seen"
"""Columns of `queried.csv`."""
_SECONDS_OF_AN_HOUR = 3600


def search_rows_frame(
    rows: Sequence[Row],
    table: Table,
    queried: pd.DataFrame,
    log: pd.DataFrame,
    columns: Mapping[str, Any],
    failed: Mapping[Run, Failure] | None = None,
    record: Mapping[str, Any] | None = None,
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
        record: record of the searches by gradients, as in `study.json` (`searches_record`).

    Returns:
        `row`, `whose` (`ours` or `published`), `label` (the row's, or the search's name in the paper), `source` (our
        search, or the paper), `runs` that ended (NaN where not known), for each column `…_mean` and `…_std` (NaN where
        not known), `seconds` of a search; of a search by gradients `preset`, `steps`, `images` (training images, NaN
        where not known) and `cpu_hours` (mean over the runs; NaN for logs without it); and for each column of a
        published row `…_difference` (ours less the published mean) and `…_inside`: whether the published mean lies in
        the 95 % interval of our mean over its runs (Student's t; None of a single run, or of an exact expectation).
    """
    found = []
    for row in rows:
        ours = _ours(row, table, queried, log, columns, failed or {}, record or {})
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
    record: Mapping[str, Any],
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
    if isinstance(kind, LargestOf):
        words = "exact expectation" + (f", the largest of {kind.among:,} random cells" if kind.among > 1 else "")
        return _null_model(words, largest_of(table, columns, kind.among))
    if isinstance(kind, AllConvolutions):
        return _null_model("all cells with a convolution on each edge", all_convolutions(table, columns))
    if isinstance(kind, Queried):
        return _of_query(kind.name, queried, columns)
    lost = [failure for run, failure in failed.items() if (run.method, run.preset) == (kind.method, kind.preset)]
    return _of_search(kind, log, columns, lost, record)


def _null_model(source: str, found: Mapping[str, MeanAndStd]) -> dict[str, Any]:
    means = {f"{name}_mean": mean for name, (mean, _) in found.items()}
    deviations = {f"{name}_std": deviation for name, (_, deviation) in found.items()}
    return {"source": source, "runs": math.nan, **means, **deviations, "seconds": math.nan}


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
    kind: Searched,
    log: pd.DataFrame,
    columns: Mapping[str, Any],
    lost: Sequence[Failure],
    record: Mapping[str, Any],
) -> dict[str, Any]:
    """A row with the mean over the finished searches; its source says how many failed."""
    of_method = log[(log["method"] == kind.method) & is_of_preset(log, kind.preset)]
    if of_method.empty:
        reason = f"failed: {lost[0].brief}" if lost else f"no search with the preset {kind.preset} has finished"
        return {**_values(reason, 0, columns, {}), "preset": kind.preset}
    chosen, seconds, processor = [], [], []
    for _, run in of_method.groupby("seed", sort=False):
        until = run if kind.after is None else run[run["epoch"] <= kind.after]
        chosen.append(until.iloc[-1])
        seconds.append(float(until["seconds"].sum()))
        processor.append(cpu_seconds(until))
    values = {name: [float(row[f"{name}{FOR_THE_RECORD}"]) for row in chosen] for name in columns}
    passed = int(chosen[0]["epoch"])
    steps = find_method(kind.method).setting(SPACE, kind.preset).steps_per_epoch
    count, unit = (passed, "epoch") if steps is None else (passed * steps, "step")
    length = f"{count} {unit}{'s' * (count != 1)}"
    how = str(chosen[0]["how"])
    source = f"{kind.method}, {length}, {how}"
    if lost:
        verb = "diverged" if all(failure.diverged for failure in lost) else "failed"
        source += f"; {len(lost)} of {len(lost) + len(chosen)} seeds {verb}"
    found = _values(source, len(chosen), columns, values, float(np.mean(seconds)))
    found["preset"] = preset_of(how)
    found["cpu_hours"] = float(np.mean(processor)) / _SECONDS_OF_AN_HOUR
    if (name := name_of(kind.method, preset_of(how))) in record:
        spent = spent_by(record[name])
        found["steps"], found["images"] = passed * spent.steps, spent.images
    return found


def train_weights(log: pd.DataFrame) -> pd.Series[bool]:
    """For each row of a log of searches, whether its `method` trains the supernet's weights."""
    return log["method"].map({name: find_method(name).trains_weights for name in log["method"].unique()}).astype(bool)


def is_of_preset(log: pd.DataFrame, preset: str) -> pd.Series[bool]:
    """For each row of a log of searches, whether its `how` names the preset; a quick study has no other searches."""
    return log["how"].map(preset_of).isin([preset, QUICK])


def preset_of(how: str) -> str:
    """The preset that the `how` of a log names, or `QUICK`."""
    return how.partition(",")[0].removeprefix("preset ")


def cpu_seconds(log: pd.DataFrame) -> float:
    """Seconds of processor time of a search; NaN where the log does not have those of every epoch."""
    return float(log["cpu_seconds"].sum(skipna=False)) if "cpu_seconds" in log.columns else math.nan


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
