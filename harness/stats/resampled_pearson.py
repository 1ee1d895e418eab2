"""Pearson's coefficient of many resamples of one sample at once, from how often each element of it is drawn."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from harness.stats._pairs import FloatArray, moderated
from harness.stats.pair_signs import Counts, IntArray

_LEAST_SPREAD = 1e-3
"""Share of a resample's variance in its second moment, below which moments would lose more than three digits."""


def pearson(scores: FloatArray, accuracies: FloatArray, counts: Counts) -> FloatArray:
    """Pearson's coefficient of each column of `counts` (shape [n, rows]); NaN where a vector is constant in it.

    From weighted moments about the means of the sample, as one matrix product; a resample that lies far from these
    means for its own spread, such as one without the sample's only outlier, is written out instead.
    """
    x, y = (_standardised(values) for values in (scores, accuracies))
    draws = counts.astype(np.float64)
    total = draws.sum(axis=0)
    first, second, squares, products, other_squares = np.stack([x, y, x * x, x * y, y * y]) @ draws / total
    variance, other = squares - first**2, other_squares - second**2
    near = (variance > _LEAST_SPREAD * squares) & (other > _LEAST_SPREAD * other_squares)
    value = np.full(total.shape, math.nan)
    value[near] = (products - first * second)[near] / np.sqrt(variance[near]) / np.sqrt(other[near])
    for row in np.flatnonzero(~near):
        value[row] = _written_out(scores, accuracies, counts[:, row].astype(np.int64))
    return np.clip(value, -1.0, 1.0)


def _standardised(values: FloatArray) -> FloatArray:
    """About the mean, in units of the root mean square; zeros where constant."""
    centred = moderated(values)
    centred = centred - centred.mean()
    spread = np.linalg.norm(centred) / math.sqrt(len(centred))
    return centred / spread if spread > 0 else centred


def _written_out(scores: FloatArray, accuracies: FloatArray, counts: IntArray) -> float:
    x, y = np.repeat(scores, counts), np.repeat(accuracies, counts)
    if x.size == 0 or x.min() == x.max() or y.min() == y.max():
        return math.nan
    return float(stats.pearsonr(moderated(x), moderated(y)).statistic)
