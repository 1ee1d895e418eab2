"""What NASI chooses on the small supernet when its passes change: a row a variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.studies.searches.nasi.cells import Accuracies, most_frequent
from harness.studies.searches.nasi.readings import IntArray, Reading, choice
from harness.studies.searches.nasi.steps import Steps
from harness.studies.searches.nasi.variants import VARIANTS

MEAN_BOUND = "mean"
READINGS: Mapping[str, tuple[Reading, str]] = {
    "in, no bound": (Reading(), ""),
    "in, mean ν, μ 1": (Reading(mu=1, adaptive=True), MEAN_BOUND),
    "out, no bound": (Reading(none=False), ""),
    "out, mean ν, μ 1": (Reading(mu=1, adaptive=True, none=False), MEAN_BOUND),
    "out, mean ν, μ 2": (Reading(mu=2, adaptive=True, none=False), MEAN_BOUND),
}
"""Readings of a variant's steps. The mean ν begins at the first trace: no constant that a scale would have to fit."""
SHOWN = "out, mean ν, μ 1"
"""The reading whose most frequent choice is shown."""


def variants_table(found: Mapping[str, Sequence[Steps]], accuracies: Accuracies) -> pd.DataFrame:
    """Accuracy of what each variant chooses, by reading.

    Args:
        found: the steps of each variant's searches, by its name.
        accuracies: test accuracies of all cells.

    Returns:
        `variant`, `words`, `reading`, `runs`, quantiles of all its traces `trace_10`, `trace_50`, `trace_90`, for each
        column `…_mean` and `…_std`, and `most_frequent`. A search in which every step was left out counts in no run,
        and so does a reading with `none` where the space has none.
    """
    rows = []
    for name, searches in found.items():
        if not searches:
            continue
        traces = np.concatenate([one.traces for one in searches])
        quantiles = {f"trace_{share}": float(np.quantile(traces, share / 100)) for share in (10, 50, 90)}
        for label, (reading, bound) in READINGS.items():
            possible = VARIANTS[name].none or not reading.none
            cells = _choices(searches, reading, bound) if possible else []
            row: dict[str, Any] = {"variant": name, "words": VARIANTS[name].words, "reading": label, **quantiles}
            rows.append({**row, **accuracies.row(cells), "most_frequent": most_frequent(cells)})
    return pd.DataFrame(rows)


def by_reading(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row a variant with one column's accuracy under each reading, `READING_mean` and `READING_std`."""
    shown = table[table["reading"] == SHOWN]
    kept = shown[["variant", "words", "runs", "trace_10", "trace_50", "trace_90", "most_frequent"]].set_index("variant")
    for label in READINGS:
        part = table[table["reading"] == label].set_index("variant")
        for end in ("mean", "std"):
            kept[f"{label}_{end}"] = part[f"{column}_{end}"]
    return kept.reset_index()


def _choices(searches: Sequence[Steps], reading: Reading, bound: str) -> list[IntArray]:
    chosen = []
    for one in searches:
        own = reading._replace(nu=float(one.traces[0])) if bound == MEAN_BOUND else reading
        chosen.append(choice(one.traces, one.gradients, own).operations)
    return [cell for cell in chosen if cell is not None]
