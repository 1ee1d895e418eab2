"""The short table of the study: published rows, NASI's readings at T and 4T, and the null models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from harness.evaluation.columns import TESTS
from harness.evaluation.searches.published import PUBLISHED_OTHERS
from harness.studies.searches.nasi.cells import Accuracies, null_models

T, FOUR_T = 100, 400


def summary_table(readings: pd.DataFrame, accuracies: Accuracies) -> pd.DataFrame:
    """Published rows, the named readings and the null models.

    Args:
        readings: from `harness.studies.searches.nasi.grid.readings_table`.
        accuracies: test accuracies of all cells.

    Returns:
        `group` (`published`, `readings` or `null models`), `label`, `none`, `steps`, `runs`, for each column `…_mean`
        and `…_std`, and `remark`. NaN or empty where not known; of null models `runs` is the number of cells.
    """
    return pd.DataFrame([*_published(accuracies.columns), *_readings(readings), *_null_models(accuracies)])


def _published(columns: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for name in ("nasi_t", "nasi_4t"):
        for item in PUBLISHED_OTHERS[name]:
            row: dict[str, Any] = {
                "group": "published", "label": item.label, "none": "", "steps": math.nan, "runs": math.nan,
            }  # fmt: skip
            for dataset, column in TESTS.items():
                if column in columns:
                    row[f"{column}_mean"], row[f"{column}_std"] = getattr(item, dataset)
            rows.append({**row, "remark": item.source})
    return rows


def _readings(readings: pd.DataFrame) -> list[dict[str, Any]]:
    named = readings[(readings["name"] != "") & readings["steps"].isin([T, FOUR_T]) & (readings["samples"] == 1)]
    values = [name for name in readings.columns if name.endswith(("_mean", "_std"))]
    return [
        {
            "group": "readings", "label": row["name"], "none": row["none"], "steps": row["steps"], "runs": row["runs"],
            **{name: row[name] for name in values}, "remark": row["most_frequent"],
        }
        for row in named.to_dict("records")
    ]  # fmt: skip


def _null_models(accuracies: Accuracies) -> list[dict[str, Any]]:
    return [
        {
            "group": "null models", "label": name, "none": "", "steps": math.nan, **accuracies.row(cells),
            "remark": "all such cells",
        }
        for name, cells in null_models().items()
    ]  # fmt: skip
