"""Kendall's and the weighted tau of many resamples of one sample at once, from how often each pair of it is drawn.

A resample is a vector c of counts. With S_ij = sign(x_i − x_j) sign(y_i − y_j) of the sample, its Kendall numerator is
cᵀ S c, and so all resamples take one matrix product S C. It is exact: the same numbers as scipy's on each resample.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from harness.stats._pairs import FloatArray

Counts = npt.NDArray[np.int64]

LARGEST = 2_000
"""Above that size scipy's O(n log n) a resample is faster than n² a resample."""


def resampled_taus(scores: FloatArray, accuracies: FloatArray, counts: Counts) -> FloatArray:
    """Kendall's tau-b and Vigna's weighted tau of each resample, as `harness.stats.coefficients` defines them.

    Args:
        scores: x, finite, shape [n].
        accuracies: y, finite, shape [n].
        counts: how often each of the n pairs was drawn, shape [rows, n]; each row sums to n, and in none is x or y of
            the pairs drawn constant.

    Returns:
        Shape [rows, 2].

    Cost: rows · n² multiply-adds, and n² float32 numbers.
    """
    signs = np.sign(scores[:, None] - scores) * np.sign(accuracies[:, None] - accuracies)
    # whole numbers up to n: exact in float32
    agreeing = (counts.astype(np.float32) @ signs.astype(np.float32)).astype(np.float64)
    untied = [_untied(values, counts) for values in (scores, accuracies)]
    orders = (np.lexsort((accuracies, scores)), np.lexsort((scores, accuracies)))
    weighted = [_tau(_weights(counts, order), agreeing, untied) for order in orders]
    return np.column_stack([_tau(counts, agreeing, untied), (weighted[0] + weighted[1]) / 2])


def _tau(weights: npt.NDArray[Any], agreeing: FloatArray, untied: list[FloatArray]) -> FloatArray:
    """Σ_i w_i (S c)_i over the root of Σ_i w_i u_i for each of x and y, u_i the draws that are not tied with i."""
    numerator, first, second = (np.einsum("rn,rn->r", weights, terms) for terms in (agreeing, *untied))
    return np.asarray(np.clip(numerator / np.sqrt(first) / np.sqrt(second), -1.0, 1.0))


def _untied(values: FloatArray, counts: Counts) -> FloatArray:
    """How many draws of each row have another value than pair i, shape [rows, n]."""
    _, group = np.unique(values, return_inverse=True)
    in_group = np.zeros((len(counts), int(group.max()) + 1))
    np.add.at(in_group.T, group, counts.T)
    return np.asarray(counts.sum(axis=1, keepdims=True) - in_group[:, group])


def _weights(counts: Counts, ascending: npt.NDArray[np.int64]) -> FloatArray:
    """Σ 1 / (rank + 1) over the draws of each pair, rank 0 the last of the order; draws of one pair rank in a row."""
    descending = ascending[::-1]
    ends = np.cumsum(counts[:, descending], axis=1)
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, counts.shape[1] + 1))])
    sums = harmonic[ends]
    weights = np.empty(counts.shape)
    weights[:, descending] = np.diff(sums, axis=1, prepend=0.0)
    return weights
