"""Pearson's coefficient of many proxies on many resamples at once, from counts of the drawn architectures."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from harness.stats._pairs import FloatArray, rescaled
from harness.stats.resampling.pair_signs import Counts, IntArray

_LEAST_SPREAD = 1e-3
"""Share of the variance in a resample's second moment below which moments would lose more than three digits."""


def pearson(scores: FloatArray, accuracies: FloatArray, counts: Counts) -> FloatArray:
    """Pearson's coefficient of each proxy and column of `counts`, shape [proxies, rows]; NaN where one is constant.

    Computed from weighted moments around the means of the sample, as one matrix product. A resample with a small spread
    far from these means, such as one without the sample's only outlier, is computed from its repeated values instead.

    Args:
        scores: finite scores, shape [proxies, n].
        accuracies: finite accuracies, shape [n].
        counts: number of times that each architecture was drawn, shape [n, rows].
    """
    x, y = _standardised(scores), _standardised(accuracies)
    draws = counts.astype(np.float64)
    total = draws.sum(axis=0)
    first, squares, products = ((terms @ draws) / total for terms in (x, x * x, x * y))
    second, other_squares = (np.stack([y, y * y]) @ draws) / total
    variance, other = squares - first**2, other_squares - second**2
    near = (variance > _LEAST_SPREAD * squares) & (other > _LEAST_SPREAD * other_squares)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = (products - first * second) / np.sqrt(variance) / np.sqrt(other)
    for proxy, row in np.argwhere(~near):
        values[proxy, row] = _on_repeated_values(scores[proxy], accuracies, counts[:, row].astype(np.int64))
    return np.asarray(np.clip(values, -1.0, 1.0))


def _standardised(values: FloatArray) -> FloatArray:
    """Standardised values along the last axis: minus the mean, over the standard deviation; zeros where constant."""
    centred = rescaled(values)
    centred = centred - centred.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.mean(centred**2, axis=-1, keepdims=True))
    return np.asarray(centred / np.where(spread > 0, spread, 1.0))


def _on_repeated_values(scores: FloatArray, accuracies: FloatArray, counts: IntArray) -> float:
    x, y = np.repeat(scores, counts), np.repeat(accuracies, counts)
    if x.size == 0 or x.min() == x.max() or y.min() == y.max():
        return math.nan
    return float(stats.pearsonr(rescaled(x), rescaled(y)).statistic)
