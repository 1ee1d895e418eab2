"""Hypervolumes of what MGDA finds, of fixed weights and of random cells, as shares of the exact front's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from harness.studies.searches.robust.cells import OBJECTIVES, Cells
from harness.studies.searches.robust.tabled import PAIRS
from harness.studies.searches.volumes import volume_shares

EVEN = 0.5


def volumes_frame(arms: pd.DataFrame, grid: pd.DataFrame, cells: Cells, seed: int) -> pd.DataFrame:
    """Hypervolumes of two objectives, clean accuracy first, as shares of that of the exact front.

    The reference point is the median of both, or the largest network.

    Args:
        arms: from `tabled.arms_frame`.
        grid: from `tabled.grid_frame`.
        cells: all cells.
        seed: seed of the random cells.

    Returns:
        `pair`, `found_by` (`raw`, `l2`, `even weights` or `all weights`), `cells` (of a seed), `share` (mean over
        seeds) with `low` and `high`, and of as many random cells `null_share`, `null_low` and `null_high`.
    """
    rows = []
    for first, second in PAIRS:
        pair = f"{first}-{second}"
        costs = cells.costs((second,))[:, 0]
        gains = cells.values[first]
        reference = float(costs.max() if second == "size" else np.median(costs)), float(np.median(gains))
        sign = 1 if second == "size" else -1
        for found_by, part in _sets(arms, grid, pair):
            found = [
                (sign * one[OBJECTIVES[second]], one[OBJECTIVES[first]]) for _, one in part.groupby("seed", sort=False)
            ]
            shares = volume_shares(found, costs, gains, reference, seed)
            rows.append({"pair": pair, "found_by": found_by, **shares})
    return pd.DataFrame(rows)


def _sets(arms: pd.DataFrame, grid: pd.DataFrame, pair: str) -> Iterator[tuple[str, pd.DataFrame]]:
    for gradients in ("raw", "l2"):
        yield gradients, arms[arms["arm"] == f"{pair}-{gradients}"]
    own = grid[grid["pair"] == pair]
    yield "even weights", own[own["share"] == EVEN]
    yield "all weights", own
