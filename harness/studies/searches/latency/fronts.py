"""Found cells beside the exact Pareto front of the table: hypervolumes, and latency saved at preserved accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from harness.evaluation.columns import SPACE
from harness.spaces import open_space
from harness.stats.mean import student_interval
from harness.stats.pareto import pareto_front
from harness.studies.searches.latency.searched import COLUMN
from harness.studies.searches.volumes import volume_shares

if TYPE_CHECKING:
    from harness.evaluation import Table
    from harness.search.query.indexed import FloatArray

TOLERANCES = (0.0, 0.1, 0.2, 0.5)
"""Points of accuracy that may be lost where it counts as preserved; our choice."""


class Cells(NamedTuple):
    """Latencies in ms and accuracies in per cent of all cells with both."""

    latencies: FloatArray
    accuracies: FloatArray


def all_cells(table: Table, hardware: Table, device: str) -> Cells:
    """Latency on a device and accuracy of every cell that has both."""
    space = open_space(SPACE)
    keys = [space.key(cell) for cell in space]  # type: ignore[attr-defined]
    latencies, accuracies = hardware.values(keys, device), table.values(keys, COLUMN)
    both = ~np.isnan(latencies) & ~np.isnan(accuracies)
    return Cells(latencies[both], accuracies[both])


def front_frame(table: Table, hardware: Table, names: list[str]) -> pd.DataFrame:
    """The exact Pareto front of latency and accuracy of each device: `device`, `true_ms` and the accuracy."""
    parts = []
    for device in names:
        cells = all_cells(table, hardware, device)
        front = pareto_front(cells.latencies, cells.accuracies)
        values = {"device": device, "true_ms": cells.latencies[front], COLUMN: cells.accuracies[front]}
        parts.append(pd.DataFrame(values))
    return pd.concat(parts, ignore_index=True)


def volumes_frame(sweep: pd.DataFrame, table: Table, hardware: Table, seed: int) -> pd.DataFrame:
    """Hypervolumes of the cells of a sweep, as shares of that of the exact front.

    The reference point is the slowest cell's latency and the median accuracy.

    Returns:
        `device`, `kind`, `cells` (of a seed), `share` (mean over seeds) with `low` and `high`, and `null_share` with
        `null_low` and `null_high`, mean and 95 % range of as many random cells.
    """
    rows = []
    for (device, kind), part in sweep.groupby(["device", "kind"], sort=False):
        cells = all_cells(table, hardware, str(device))
        reference = float(cells.latencies.max()), float(np.median(cells.accuracies))
        found = [(one["true_ms"], one[COLUMN]) for _, one in part.groupby("seed", sort=False)]
        shares = volume_shares(found, cells.latencies, cells.accuracies, reference, seed)
        rows.append({"device": device, "kind": kind, **shares})
    return pd.DataFrame(rows)


def savings_frame(sweep: pd.DataFrame, table: Table, hardware: Table) -> pd.DataFrame:
    """Latency saved against the search without the objective (λ = 0) of the same seed, at preserved accuracy.

    Returns:
        `device`, `tolerance` (points), `saving` (mean over seeds of the largest share saved by a λ whose cell loses no
        more than the tolerance) with `low` and `high`, `front` (the largest such share of all cells), `null` (the
        chance that one of as many random cells saves 20 %), `seeds`.
    """
    weights = sweep[sweep["kind"] == "weight"]
    rows = []
    for device, part in weights.groupby("device", sort=False):
        cells = all_cells(table, hardware, str(device))
        for tolerance in TOLERANCES:
            found = list(_savings(part, cells, tolerance))
            mean, low, high = student_interval([one["saving"] for one in found])
            rows.append(
                {
                    "device": device, "tolerance": tolerance, "saving": mean, "low": low, "high": high,
                    **{name: float(np.mean([one[name] for one in found])) for name in ("front", "null")},
                    "seeds": len(found),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


SAVED = 0.2
"""The published saving, as a share."""


def _savings(part: pd.DataFrame, cells: Cells, tolerance: float) -> Iterator[dict[str, Any]]:
    for _, one in part.groupby("seed", sort=False):
        base = one[one["relative"] == 0].iloc[0]
        least, latency = float(base[COLUMN]) - tolerance, float(base["true_ms"])
        preserved = one[one[COLUMN] >= least]["true_ms"]
        allowed = cells.accuracies >= least
        chance = float((allowed & (cells.latencies <= (1 - SAVED) * latency)).mean())
        tried = len(one) - 1
        yield {
            "saving": 1 - float(preserved.min()) / latency,
            "front": 1 - float(cells.latencies[allowed].min()) / latency,
            "null": 1 - (1 - chance) ** tried,
        }
