"""Measures of the best architectures: precision and NDCG at k, and correlation among the most accurate."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError
from harness.stats._pairs import FloatArray, checked_pairs
from harness.stats.rank_correlation import Coefficients, coefficients


class TopCorrelation(NamedTuple):
    """Coefficients among the most accurate architectures.

    Attributes:
        share: share of the architectures, in (0, 1].
        coefficients: the coefficients among them; all are NaN for fewer than three architectures.
    """

    share: float
    coefficients: Coefficients


def precision_at(scores: npt.ArrayLike, accuracies: npt.ArrayLike, k: int) -> float:
    """Precision at `k`: expected share of the k highest scores that are among the k most accurate, ties at random.

    An architecture is among the k highest of a vector with probability 1 above the cut, 0 below it, and m / t at it,
    where m of t tied architectures are taken; both vectors break their ties independently.

    Args:
        scores: finite numbers, shape [n], n >= 1; higher is better.
        accuracies: finite numbers, shape [n]; higher is better.
        k: number of architectures, 1 <= k <= n; a random order has the expectation k / n.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, or `k` outside 1..n.
    """
    score, accuracy = _checked(scores, accuracies, k)
    return float(_chances_of_top(score, k) @ _chances_of_top(accuracy, k) / k)


def ndcg_at(scores: npt.ArrayLike, accuracies: npt.ArrayLike, k: int) -> float:
    """Normalised discounted cumulative gain (NDCG) at `k` (Järvelin & Kekäläinen 2002), by scikit-learn.

    The gain of an architecture is its accuracy on a linear scale from 0, the lowest accuracy here, to 1, the highest;
    the discount at rank r (from 1) is 1 / log2(r + 1). Tied scores share the mean of their discounts, which is the
    expectation over random orders.

    Args:
        scores: finite numbers, shape [n], n >= 2; higher is better.
        accuracies: finite numbers, shape [n]; higher is better.
        k: number of ranks that count, 1 <= k <= n.

    Returns:
        1 for the best possible order, at least 0; NaN where all accuracies are equal.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, `k` outside 1..n, or fewer than two architectures.
    """
    from sklearn.metrics import ndcg_score  # scikit-learn takes a second to import

    score, accuracy = _checked(scores, accuracies, k, least=2)
    halves = accuracy / 2  # so that the range of any two finite numbers is finite
    span = halves.max() - halves.min()
    if span == 0:
        return math.nan
    gains = (halves - halves.min()) / span
    return float(ndcg_score(gains[None], _dense(score)[None], k=k))


def top_correlation(scores: npt.ArrayLike, accuracies: npt.ArrayLike, share: float) -> TopCorrelation:
    """The coefficients among the most accurate `share` of the architectures.

    Args:
        scores: finite numbers, shape [n], n >= 1.
        accuracies: finite numbers, shape [n]; higher is better.
        share: share of the architectures, in (0, 1]: ⌈share · n⌉ of them, and those tied with the last.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, or a share outside (0, 1].
    """
    score, accuracy = checked_pairs(scores, accuracies, least=1)
    if not 0 < share <= 1:
        raise ScoresError(f"share must lie in (0, 1]; got {share}")
    # in floating point a share such as 0.07 of 100 is 7.000000000000001, which should count as seven
    count = math.ceil(round(share * score.size, 9))
    chosen = accuracy >= np.partition(accuracy, score.size - count)[score.size - count]
    if chosen.sum() < 3:
        return TopCorrelation(share, Coefficients(math.nan, math.nan, math.nan, math.nan, int(chosen.sum())))
    return TopCorrelation(share, coefficients(score[chosen], accuracy[chosen]))


def _chances_of_top(values: FloatArray, k: int) -> FloatArray:
    """Probability of each of n to be among the k highest, ties broken at random; the probabilities sum to k."""
    cut = np.partition(values, values.size - k)[values.size - k]
    above, tied = values > cut, values == cut
    return np.asarray(above + tied * ((k - above.sum()) / tied.sum()), dtype=np.float64)


def _dense(values: FloatArray) -> FloatArray:
    return np.unique(values, return_inverse=True)[1].astype(np.float64)


def _checked(
    scores: npt.ArrayLike, accuracies: npt.ArrayLike, k: int, *, least: int = 1
) -> tuple[FloatArray, FloatArray]:
    score, accuracy = checked_pairs(scores, accuracies, least=least)
    if not 1 <= k <= score.size:
        raise ScoresError(f"k must lie between 1 and the number of architectures, {score.size}; got {k}")
    return score, accuracy
