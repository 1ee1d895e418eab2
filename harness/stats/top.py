"""The best accuracy among the architectures with the highest scores, and the percentile of an accuracy."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.errors import ScoresError
from harness.stats._pairs import FloatArray, checked_pairs, checked_vector


def best_by_score(scores: npt.ArrayLike, accuracies: npt.ArrayLike, k: int) -> float:
    """Expected best accuracy among the `k` architectures with the highest scores, ties at the cut broken at random.

    Let f architectures have scores above the cut and t exactly at it; m = k - f of these t are taken, every choice
    with equal probability. The value is E max(best of the f, best of a random m-subset of the t), exactly: with the
    tied accuracies in descending order a_0 >= a_1 >= ..., a_j is the best of the subset with probability
    C(t - 1 - j, m - 1) / C(t, m). For k = 1 this is the mean accuracy of the architectures with the highest score.

    Args:
        scores: finite numbers, shape [n], n >= 1; higher is better.
        accuracies: finite numbers, shape [n], any unit.
        k: number of architectures, 1 <= k <= n.

    Returns:
        The expectation, in the unit of `accuracies`; it does not depend on the order of architectures or on a seed.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, or `k` outside 1..n.

    >>> best_by_score([3.0, 1.0, 1.0], [80.0, 70.0, 90.0], k=2)
    85.0
    """
    score_vector, accuracy_vector = checked_pairs(scores, accuracies, least=1)
    if not 1 <= k <= score_vector.size:
        raise ScoresError(f"k must lie between 1 and the number of architectures, {score_vector.size}; got {k}")
    cut = np.partition(score_vector, score_vector.size - k)[score_vector.size - k]
    above = accuracy_vector[score_vector > cut]
    tied = np.sort(accuracy_vector[score_vector == cut])[::-1]
    surely = max(above.max(initial=-math.inf), tied.min())
    gains = np.maximum(tied - surely, 0.0)
    return float(surely + leading_probabilities(tied.size, k - above.size) @ gains)


def leading_probabilities(tied: int, taken: int) -> FloatArray:
    """P(the j-th of `tied` in descending order is the best of a random subset of size `taken`), j = 0..tied-1.

    Computed by ratios, p_0 = m / t and p_(j+1) = p_j (t - j - m) / (t - 1 - j): no factor exceeds 1, so that nothing
    overflows, and probabilities that underflow are negligible.
    """
    rank = np.arange(tied - 1, dtype=np.float64)
    ratios = np.maximum(tied - rank - taken, 0.0) / (tied - 1 - rank)
    return np.asarray(np.cumprod(np.concatenate([[taken / tied], ratios])))


def percentile_of(value: float, population: npt.ArrayLike) -> float:
    """Percentile of `value` in `population` (shape [n], n >= 1), 0..100, higher is better.

    Equal values count half (scipy's `percentileofscore(kind="mean")`), so that the median of distinct values is at 50
    and the best of n at 100 - 50 / n.

    Raises:
        ScoresError: for NaN or infinity in `value` or the population, or an empty population.
    """
    population_vector = checked_vector(population, "population")
    if population_vector.size == 0:
        raise ScoresError("a percentile needs a population; got no values")
    if not math.isfinite(value):
        raise ScoresError(f"a percentile needs a finite value; got {value}")
    return float(stats.percentileofscore(population_vector, value, kind="mean"))
