"""Rank correlation of scores with accuracies: four coefficients, computed by scipy."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.stats._pairs import FloatArray, checked_pairs, rescaled


class Coefficients(NamedTuple):
    """The four coefficients, each in [-1, 1], and n; higher is better, NaN where an input is constant."""

    spearman: float
    kendall_tau_b: float
    weighted_tau: float
    pearson: float
    n: int


def coefficients(scores: npt.ArrayLike, accuracies: npt.ArrayLike) -> Coefficients:
    """Spearman, Kendall tau-b, weighted tau and Pearson between scores and accuracies.

    Args:
        scores: finite numbers, shape [n], n >= 3; higher is meant to be better.
        accuracies: finite numbers, shape [n], any unit.

    Returns:
        The four coefficients and n. Ties get their mean rank (Spearman), or are left out of the numerator and reduce
        the denominator (tau-b). If an input is constant, all four are undefined: NaN, without a warning.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, or n < 3.

    Sources: scipy.stats `spearmanr`, `kendalltau` (variant b, Kendall 1945), `pearsonr`, and `weightedtau` with its
    default weights, additive and hyperbolic, 1 / (rank + 1) with rank 0 the highest; the coefficient is the mean of
    those by the order of the scores and by the order of the accuracies (Vigna 2015). Without ties it is scipy's. Ties
    have the mean of their weights, as if the sums were averaged over all orders of the ties. scipy orders the ties of
    one vector by the other instead, which gives a score of few values 0.2 to 0.6 where there is no association.

    Cost: O(n log n); 0.1 s at n = 15,625, most of it the weighted tau.

    >>> round(coefficients([1.0, 2.0, 3.0, 4.0], [10.0, 30.0, 20.0, 40.0]).spearman, 6)
    0.8
    """
    score_vector, accuracy_vector = checked_pairs(scores, accuracies, least=3)
    if is_constant(score_vector) or is_constant(accuracy_vector):
        return Coefficients(math.nan, math.nan, math.nan, math.nan, score_vector.size)
    score_ranks, accuracy_ranks = mid_ranks(score_vector), mid_ranks(accuracy_vector)
    return Coefficients(
        spearman=float(stats.spearmanr(score_ranks, accuracy_ranks).statistic),
        kendall_tau_b=kendall_tau_b(score_ranks, accuracy_ranks),
        weighted_tau=weighted_tau(score_ranks, accuracy_ranks),
        pearson=float(stats.pearsonr(rescaled(score_vector), rescaled(accuracy_vector)).statistic),
        n=score_vector.size,
    )


def is_constant(values: FloatArray) -> bool:
    """Whether all `values` (shape [n], n >= 1) are equal."""
    return bool(values.min() == values.max())


def mid_ranks(values: FloatArray) -> FloatArray:
    """Ranks 1..n along the last axis of [n] or [rows, n]; ties get their mean rank."""
    return np.asarray(stats.rankdata(values, method="average", axis=-1), dtype=np.float64)


def kendall_tau_b(score_ranks: FloatArray, accuracy_ranks: FloatArray) -> float:
    """Kendall's tau-b of two vectors of ranks, shape [n], neither constant.

    `method` concerns only the p-value, which is not used; the asymptotic one costs nothing.
    """
    return float(stats.kendalltau(score_ranks, accuracy_ranks, variant="b", method="asymptotic").statistic)


def weighted_tau(score_ranks: FloatArray, accuracy_ranks: FloatArray) -> float:
    """Vigna's weighted tau of two vectors of ranks, shape [n], neither constant, with tie-neutral weights.

    See `coefficients`. It takes ranks instead of values, since scipy sums its input to find NaN, which overflows for
    scores near 1e308.
    """
    places = np.arange(score_ranks.size)  # each element its own, so that `weigher` gives the element's weight

    def ranked_by(ranks: FloatArray) -> float:
        weigher = _mean_weights(ranks).__getitem__
        return float(stats.weightedtau(score_ranks, accuracy_ranks, rank=places, weigher=weigher).statistic)

    return (ranked_by(score_ranks) + ranked_by(accuracy_ranks)) / 2


def _mean_weights(ranks: FloatArray) -> list[float]:
    """The weight 1 / (place + 1) of each element of [n], with place 0 for the highest; ties share theirs equally."""
    _, value, sizes = np.unique(-ranks, return_inverse=True, return_counts=True)
    harmonic = np.cumsum(1 / np.arange(1, ranks.size + 1))[np.cumsum(sizes) - 1]
    means: list[float] = (np.diff(harmonic, prepend=0) / sizes)[value].tolist()
    return means
