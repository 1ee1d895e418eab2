"""Bootstrap intervals from the values of a statistic on resamples: percentile, and bias-corrected and accelerated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from harness.errors import ScoresError, unknown
from harness.stats._pairs import FloatArray

INTERVAL_METHODS = ("percentile", "bca")


class Interval(NamedTuple):
    """Ends of an interval; both are NaN where the coefficient is undefined on every resample."""

    low: float
    high: float


def check_options(method: str, confidence: float) -> None:
    """Raise ScoresError for an unknown method, or a confidence outside (0, 1)."""
    if method not in INTERVAL_METHODS:
        raise ScoresError(unknown("interval", method, INTERVAL_METHODS))
    if not 0 < confidence < 1:
        raise ScoresError(f"confidence must lie between 0 and 1, exclusive; got {confidence}")


def percentile_interval(values: FloatArray, confidence: float) -> Interval:
    """Percentile interval: the middle `confidence` of the values (shape [resamples]) that are not NaN, interpolated.

    Efron & Tibshirani 1993, chapter 13.
    """
    defined = values[~np.isnan(values)]
    if defined.size == 0:
        return Interval(math.nan, math.nan)
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def bca_interval(values: FloatArray, estimate: float, left_out: Sequence[FloatArray], confidence: float) -> Interval:
    """Bias-corrected and accelerated (BCa) interval (Efron & Tibshirani 1993, chapter 14; Efron 1987).

    The quantiles are shifted by the share of the resamples below the estimate (ties count half), and by the skewness of
    the units' influences. With z the normal quantile of that share, z_α that of a tail and a the acceleration, an end
    is the quantile Φ(z + (z + z_α) / (1 − a (z + z_α))).

    Args:
        values: the statistic on the resamples, shape [resamples]; NaN values are dropped.
        estimate: the statistic on the sample.
        left_out: for each kind of unit that was resampled (architectures, seeds), the statistic without each unit in
            turn, shape [units]; NaN values are dropped. Where the statistic never changes, a is 0.
        confidence: confidence level, in (0, 1).
    """
    defined = values[~np.isnan(values)]
    if defined.size == 0 or math.isnan(estimate):
        return Interval(math.nan, math.nan)
    below = (np.count_nonzero(defined < estimate) + np.count_nonzero(defined <= estimate)) / (2 * defined.size)
    bias, acceleration = float(special.ndtri(below)), _acceleration(left_out)
    tails = special.ndtri([(1 - confidence) / 2, (1 + confidence) / 2])
    if math.isinf(bias):  # all resamples are on one side of the estimate: the limit of both ends
        shares = np.full(2, below)
    else:
        shares = special.ndtr(bias + (bias + tails) / (1 - acceleration * (bias + tails)))
    low, high = np.quantile(defined, shares)
    return Interval(float(low), float(high))


def _acceleration(left_out: Sequence[FloatArray]) -> float:
    """The acceleration: a sixth of the skewness of the sum of the units' influences; kinds are independent."""
    cubes = squares = 0.0
    for values in left_out:
        defined = values[~np.isnan(values)]
        if defined.size < 2:
            continue
        influences = (defined.size - 1) / defined.size * (defined.mean() - defined)
        cubes += float((influences**3).sum())
        squares += float((influences**2).sum())
    return cubes / squares**1.5 / 6 if squares > 0 else 0.0
