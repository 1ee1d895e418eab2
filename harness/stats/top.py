"""Measures of the best: the best by score, by chance, in a table, and the ranking among the most accurate."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.errors import ScoresError
from harness.stats._pairs import FloatArray, checked_first, checked_pairs, checked_vector
from harness.stats.rank_correlation import Coefficients, coefficients


class MeanAndDeviation(NamedTuple):
    """Expectation of a random value, and its standard deviation."""

    mean: float
    deviation: float


class TopCorrelation(NamedTuple):
    """Coefficients among the most accurate architectures.

    Attributes:
        share: share of the architectures, in (0, 1].
        coefficients: the coefficients among them; all are NaN for fewer than three architectures.
    """

    share: float
    coefficients: Coefficients


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
    score_vector, accuracy_vector = checked_first(scores, accuracies, k)
    cut = np.partition(score_vector, score_vector.size - k)[score_vector.size - k]
    above = accuracy_vector[score_vector > cut]
    tied = np.sort(accuracy_vector[score_vector == cut])[::-1]
    surely = max(above.max(initial=-math.inf), tied.min())
    gains = np.maximum(tied - surely, 0.0)
    return float(surely + _leading_probabilities(tied.size, k - above.size) @ gains)


def best_of_random(
    scores: npt.ArrayLike, values: npt.ArrayLike, samples: int, *, replacement: bool = True
) -> MeanAndDeviation:
    """Value of the architecture with the highest score among `samples` random ones, ties broken at random.

    The highest score of the sample is s with probability F(s)^N - F(s-)^N, where F(s) is the share of architectures
    with a score of at most s and F(s-) the share with a lower score; all architectures with score s are then equally
    likely. Without replacement, the j-th highest (from 0) is the highest of the sample with probability
    C(n - 1 - j, N - 1) / C(n, N) instead.

    Args:
        scores: finite numbers, shape [n], n >= 1; higher is better.
        values: values of the same architectures in any unit, shape [n]; the scores themselves for the best possible
            choice.
        samples: number of architectures drawn uniformly, N >= 1, and without replacement at most n; 1 for a random
            architecture.
        replacement: whether an architecture may be drawn twice.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, or `samples` out of range.

    Mellor et al. 2021 estimate the same by 500 draws instead. Within the error of these draws, their rows Optimal
    (N = 100) of all three data sets agree with this where the test accuracy is both the score and the value
    (93.85 ± 0.23 on CIFAR-10 of the official table, published 93.84 ± 0.23); with the validation accuracy as score it
    is 93.78 ± 0.28.

    >>> best_of_random([1.0, 2.0], [70.0, 90.0], samples=2)
    MeanAndDeviation(mean=85.0, deviation=8.660254037844387)
    """
    score_vector, value_vector = checked_pairs(scores, values, least=1)
    if samples < 1:
        raise ScoresError(f"samples must be at least 1; got {samples}")
    if not replacement and samples > score_vector.size:
        raise ScoresError(f"without replacement at most {score_vector.size} can be drawn; got samples {samples}")
    _, group, sizes = np.unique(score_vector, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    if replacement:
        led = np.diff((ends / len(score_vector)) ** samples, prepend=0.0)
    else:
        led = np.add.reduceat(_leading_probabilities(len(score_vector), samples)[::-1], ends - sizes)
    probabilities = (led / sizes)[group]
    mean = float(probabilities @ value_vector)
    return MeanAndDeviation(mean, math.sqrt(float(probabilities @ (value_vector - mean) ** 2)))


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
    score, accuracy = checked_first(scores, accuracies, k)
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
    score, accuracy = checked_first(scores, accuracies, k, least=2)
    halves = accuracy / 2  # so that the range of any two finite numbers is finite
    span = halves.max() - halves.min()
    if span == 0:
        return math.nan
    return _ndcg((halves - halves.min()) / span, score, k)


def ndcg_of_powers_at(scores: npt.ArrayLike, accuracies: npt.ArrayLike, k: int) -> float:
    """NDCG at `k` with the gain 2^accuracy − 1, as Tybl & Neumann 2025 (VKDNW) use it with k = 1000.

    In percent, a gain doubles with every point of accuracy, so that only the architectures within a few points of the
    best count; for accuracies as shares of 1 all gains are nearly equal. Discounts and ties are as in `ndcg_at`.

    Args:
        scores: finite numbers, shape [n], n >= 2; higher is better.
        accuracies: percentages, shape [n]; higher is better.
        k: number of ranks that count, 1 <= k <= n.

    Returns:
        1 for the best possible order, at least 0; NaN where all gains are zero.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, `k` outside 1..n, or fewer than two architectures.
    """
    score, accuracy = checked_first(scores, accuracies, k, least=2)
    highest = accuracy.max()
    gains = np.exp2(accuracy - highest) - np.exp2(-highest)  # as a share of the highest power: nothing overflows
    return _ndcg(gains, score, k) if gains.any() else math.nan


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


def _leading_probabilities(tied: int, taken: int) -> FloatArray:
    """P(the j-th of `tied` in descending order is the best of a random subset of size `taken`), j = 0..tied-1.

    Computed by ratios, p_0 = m / t and p_(j+1) = p_j (t - j - m) / (t - 1 - j): no factor exceeds 1, so that nothing
    overflows, and probabilities that underflow are negligible.
    """
    rank = np.arange(tied - 1, dtype=np.float64)
    ratios = np.maximum(tied - rank - taken, 0.0) / (tied - 1 - rank)
    return np.asarray(np.cumprod(np.concatenate([[taken / tied], ratios])))


def _chances_of_top(values: FloatArray, k: int) -> FloatArray:
    """Probability of each of n to be among the k highest, ties broken at random; the probabilities sum to k."""
    cut = np.partition(values, values.size - k)[values.size - k]
    above, tied = values > cut, values == cut
    return np.asarray(above + tied * ((k - above.sum()) / tied.sum()), dtype=np.float64)


def _ndcg(gains: FloatArray, score: FloatArray, k: int) -> float:
    """NDCG of gains from 0, not all 0; tied scores share the mean of their discounts."""
    from sklearn.metrics import ndcg_score  # scikit-learn takes a second to import

    return float(ndcg_score(gains[None], _dense(score)[None], k=k))


def _dense(values: FloatArray) -> FloatArray:
    return np.unique(values, return_inverse=True)[1].astype(np.float64)
