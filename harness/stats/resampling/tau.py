"""Kendall's tau-b and the weighted tau on many resamples of one sample at once, from counts of the drawn elements.

A resample is a vector c of counts. With S_ij = sign(x_i − x_j) sign(y_i − y_j) of the sample, the numerator of
Kendall's tau is cᵀ S c, and that of the weighted tau wᵀ S c, where w is the sum of the weights of each element's draws.
Both are exact: the same numbers as `harness.stats.coefficients` gives for each resample. Draws of one element are tied
in both vectors, so that without other ties the weighted tau is scipy's.
"""

from __future__ import annotations

import numpy as np

from harness.stats._pairs import FloatArray
from harness.stats.resampling.pair_signs import Counts
from harness.stats.resampling.ranks import Order, Ranks, running_sums, steps


def kendall_tau_b(counts: Counts, agreeing: Counts, first: Ranks, second: Ranks) -> FloatArray:
    """Kendall's tau-b of each resample, shape [rows]; NaN where a vector is constant in it.

    Args:
        counts: c, number of times that each element was drawn, shape [n, rows].
        agreeing: S c, from `PairSigns.times`.
        first: ranks of the scores under these counts.
        second: ranks of the accuracies under these counts.
    """
    numerator = np.einsum("nr,nr->r", counts, agreeing, dtype=np.float64)
    return _ratio(numerator, first.untied, second.untied)


def weighted_tau(
    counts: Counts, agreeing: Counts, first: tuple[Order, Ranks], second: tuple[Order, Ranks]
) -> FloatArray:
    """Vigna's weighted tau of each resample, shape [rows], with the weights of `harness.stats.coefficients`.

    Args:
        counts: c, number of times that each element was drawn, shape [n, rows].
        agreeing: S c, from `PairSigns.times`.
        first: order of the scores, and their ranks under these counts.
        second: order of the accuracies, and their ranks under these counts.
    """
    ties = [ranks.draws[order.value] for order, ranks in (first, second)]
    by_score, by_accuracy = (_ranked_by(order, ranks, counts, [agreeing, *ties]) for order, ranks in (first, second))
    # integer counts are exactly zero where the weighted sums are zero up to rounding
    varied = (first[1].untied > 0) & (second[1].untied > 0)
    return np.where(varied, (by_score + by_accuracy) / 2, np.nan)


def _ranked_by(order: Order, ranks: Ranks, counts: Counts, terms: list[Counts]) -> FloatArray:
    """Σ_i w_i (S c)_i over the root of Σ_i w_i u_i of both vectors, with u_i the draws that are not tied with i.

    A draw has the weight 1 / (rank + 1), with rank 0 for the highest; draws of one value share theirs equally.
    """
    draws = ranks.draws[::-1]  # the highest value first
    ends = running_sums(draws).astype(np.intp)
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, int(ends[-1].max()) + 1))])
    sums = harmonic[ends]
    means = (steps(sums) / np.maximum(draws, 1))[::-1]
    weights = means[order.value]
    weights *= counts
    numerator, *tied = (np.einsum("nr,nr->r", weights, term) for term in terms)
    every_pair = ends[-1] * sums[-1]
    return _ratio(numerator, every_pair - tied[0], every_pair - tied[1])


def _ratio(numerator: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    defined = (first > 0) & (second > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = numerator / np.sqrt(first) / np.sqrt(second)
    return np.where(defined, np.clip(value, -1.0, 1.0), np.nan)
