"""NASLib's measures of the k highest scores: KT@K, BR@K and WR@K (Ning et al. 2021); P@K is `precision_at`."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.stats._pairs import FloatArray, checked_first
from harness.stats.top import best_by_score


def kendall_at(scores: npt.ArrayLike, accuracies: npt.ArrayLike, k: int) -> float:
    """KT@K: Kendall's tau-b among the `k` architectures with the highest scores, and those tied with the last of them.

    `top_correlation` chooses by accuracy instead.

    Args:
        scores: finite numbers, shape [n], n >= 1; higher is better.
        accuracies: finite numbers, shape [n]; higher is better.
        k: number of architectures, 1 <= k <= n.

    Returns:
        A number from -1 to 1; NaN for fewer than three architectures, or where either side is constant.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, or `k` outside 1..n.

    NASLib cuts ties at the last place by their order in memory, and has -1 or 1 for two architectures.
    """
    score, accuracy = checked_first(scores, accuracies, k)
    chosen = score >= np.partition(score, score.size - k)[score.size - k]
    picked, reached = score[chosen], accuracy[chosen]
    if picked.size < 3 or np.ptp(picked) == 0 or np.ptp(reached) == 0:
        return math.nan
    return float(stats.kendalltau(picked, reached).statistic)


def best_rank_at(scores: npt.ArrayLike, accuracies: npt.ArrayLike, k: int) -> float:
    """BR@K: the best rank by accuracy among the `k` highest scores, over n, ties at the cut broken at random.

    A rank is 1 plus the number of more accurate architectures.

    Args:
        scores: finite numbers, shape [n], n >= 1; higher is better.
        accuracies: finite numbers, shape [n]; higher is better.
        k: number of architectures, 1 <= k <= n.

    Returns:
        The expectation, from 1/n (a best one is among them) to 1; lower is better.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, or `k` outside 1..n.

    >>> best_rank_at([3.0, 2.0, 1.0, 0.0], [70.0, 80.0, 90.0, 60.0], k=2)
    0.5
    """
    score, accuracy = checked_first(scores, accuracies, k)
    return -best_by_score(score, -_ranks(accuracy), k) / score.size


def worst_rank_at(scores: npt.ArrayLike, accuracies: npt.ArrayLike, k: int) -> float:
    """WR@K: the worst rank by accuracy among the `k` highest scores, over n, ties at the cut broken at random.

    Args:
        scores: finite numbers, shape [n], n >= 1; higher is better.
        accuracies: finite numbers, shape [n]; higher is better.
        k: number of architectures, 1 <= k <= n.

    Returns:
        The expectation, from k/n (the most accurate k, all different) to 1; lower is better.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, or `k` outside 1..n.

    >>> worst_rank_at([3.0, 2.0, 1.0, 0.0], [70.0, 80.0, 90.0, 60.0], k=2)
    0.75
    """
    score, accuracy = checked_first(scores, accuracies, k)
    return best_by_score(score, _ranks(accuracy), k) / score.size


def _ranks(accuracy: FloatArray) -> FloatArray:
    """1 for the most accurate; equal accuracies share the best of their ranks."""
    return np.asarray(stats.rankdata(-accuracy, method="min"), dtype=np.float64)
