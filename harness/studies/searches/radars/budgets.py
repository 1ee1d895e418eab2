"""Accuracy at equal simulated seconds: RADARS on a table, its null model, and searches that it is compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from harness.evaluation import Table
    from harness.search.query.indexed import FloatArray

RADARS, NULL, BASE = "radars", "random_pruning", "reinforce_fast"
"""RADARS on a table, its null model, and REINFORCE at the same learning rate: what pruning adds is beside this one."""
SEARCHES = (RADARS, NULL, BASE, "reinforce", "random_search", "regularised_evolution")
BUDGETS = (2_000, 4_000, 8_000, 12_000, 20_000)
COMPARED = 12_000
"""Seconds of the published searches on NAS-Bench-201."""
_NORMAL = 1.959963984540054  # 97.5 % point


def budgets_frame(table: Table, columns: Sequence[str], *, runs: int, seed: int) -> pd.DataFrame:
    """Test accuracies of what each search finds in each budget.

    Args:
        table: the table that is queried.
        columns: its test accuracies.
        runs: runs of each search in each budget.
        seed: seed of all runs.

    Returns:
        `search`, `budget_seconds`, `queries` (mean), and of each column `…_mean`, `…_std` and the ends of the mean's
        95 % interval, `…_low` and `…_high`.
    """
    from harness.evaluation.searches.table_searches import table_searches

    parts = []
    for budget in BUDGETS:
        found = table_searches(table, SEARCHES, runs=runs, seed=seed, budget_seconds=budget).frame
        kept = found[["search", "queries"]].assign(budget_seconds=budget, runs=runs)
        for column in columns:
            mean, deviation = found[f"{column}_mean"], found[f"{column}_std"]
            margin = _NORMAL * deviation / math.sqrt(runs)
            kept[f"{column}_mean"], kept[f"{column}_std"] = mean, deviation
            kept[f"{column}_low"], kept[f"{column}_high"] = mean - margin, mean + margin
        parts.append(kept)
    return pd.concat(parts, ignore_index=True)


def difference(frame: pd.DataFrame, column: str, one: str, other: str, budget: int) -> tuple[float, float, float]:
    """Difference of the mean accuracies of two searches in a budget, with its 95 % interval (runs are independent)."""
    rows = {str(row["search"]): row for row in frame[frame["budget_seconds"] == budget].to_dict("records")}
    value = float(rows[one][f"{column}_mean"]) - float(rows[other][f"{column}_mean"])
    variance = sum(float(rows[name][f"{column}_std"]) ** 2 / float(rows[name]["runs"]) for name in (one, other))
    margin = _NORMAL * math.sqrt(variance)
    return value, value - margin, value + margin


def seconds_to_equal(
    frame: pd.DataFrame, column: str, one: str, other: str, budget: int, *, by: str = "budget_seconds"
) -> float:
    """Seconds that one search needs for the mean accuracy that another reaches in a budget.

    Mean accuracies are taken to be linear in the logarithm of the seconds between two budgets.

    Args:
        frame: from `budgets_frame`, or another with `search`, a budget, and `…_mean` of the column.
        column: the test accuracy.
        one: the search whose budget is asked for.
        other: the search whose accuracy is to be reached.
        budget: budget of the other search.
        by: name of the budget's column, such as one of labels in the place of seconds.

    Returns:
        The seconds; NaN where the search is below that accuracy in all budgets, or above it in all.
    """
    target = frame[(frame["search"] == other) & (frame[by] == budget)][f"{column}_mean"].iloc[0]
    rows = frame[frame["search"] == one].sort_values(by)
    logs: FloatArray = np.log(rows[by].to_numpy(dtype=np.float64))
    means: FloatArray = np.maximum.accumulate(rows[f"{column}_mean"].to_numpy(dtype=np.float64))
    if not means[0] <= target <= means[-1]:
        return math.nan
    return float(np.exp(np.interp(target, means, logs)))
