"""Hypervolumes of found cells as shares of that of the exact front, beside those of as many random cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.stats.mean import student_interval
from harness.stats.pareto import hypervolume

DRAWS = 2000
"""Random sets of cells of the null model."""


def volume_shares(
    found: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    costs: npt.NDArray[np.float64],
    gains: npt.NDArray[np.float64],
    reference: tuple[float, float],
    seed: int,
) -> dict[str, Any]:
    """Hypervolumes of sets of cells over that of all cells.

    Args:
        found: costs and gains of the cells of each seed, equally many of all.
        costs: costs of all cells, [C]; lower is better.
        gains: their gains, [C]; higher is better.
        reference: the worst cost and gain that count.
        seed: seed of the random cells.

    Returns:
        `cells` (of a seed), `share` (mean over seeds) with `low` and `high` of its 95 % interval, and `null_share` with
        `null_low` and `null_high`, mean and 95 % range of as many random cells.
    """
    whole = hypervolume(costs, gains, reference)
    mean, low, high = student_interval([hypervolume(*one, reference) / whole for one in found])
    count = len(np.asarray(found[0][0]))
    drawn = np.random.default_rng(seed).integers(len(costs), size=(DRAWS, count))
    null = [hypervolume(costs[one], gains[one], reference) / whole for one in drawn]
    return {
        "cells": count, "share": mean, "low": low, "high": high, "null_share": float(np.mean(null)),
        "null_low": float(np.quantile(null, 0.025)), "null_high": float(np.quantile(null, 0.975)),
    }  # fmt: skip
