"""How sure a coefficient is over the choice of architectures: percentile bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError
from harness.stats._pairs import FloatArray, checked_pairs, moderated
from harness.stats.rank_correlation import kendall_tau_b, mid_ranks, weighted_tau
from harness.stats.resampled_tau import LARGEST, resampled_taus

# 16 MB a float64 matrix, a dozen of which live at once; the results do not depend on it.
_VALUES_AT_ONCE = 2_000_000


class Interval(NamedTuple):
    """Ends of an interval; both NaN where no resample defines the coefficient."""

    low: float
    high: float


class Intervals(NamedTuple):
    """One interval a coefficient, in the order of `Coefficients`."""

    spearman: Interval
    kendall_tau_b: Interval
    weighted_tau: Interval
    pearson: Interval


def bootstrap_intervals(
    scores: npt.ArrayLike,
    accuracies: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Intervals:
    """Percentile bootstrap interval of each of the four coefficients (Efron & Tibshirani 1993, ch. 13).

    Architectures are drawn with replacement, a score together with its accuracy, n of n. The interval holds the
    middle `confidence` of the resampled coefficients (linear interpolation between order statistics). It speaks of
    the choice of architectures only: not of the proxy's own seed, nor of the noise in the tabulated accuracies.

    Args:
        scores: finite numbers, shape [n], n >= 3.
        accuracies: finite numbers, shape [n].
        generator: the only source of randomness; it moves on by `resamples` draws of n integers.
        resamples: how often to draw, >= 1.
        confidence: share of the resamples inside the interval, in (0, 1).

    Returns:
        An interval a coefficient. A resample in which either input is constant defines no coefficient and is
        dropped; where none remain the ends are NaN.

    Raises:
        ScoresError: what `coefficients` refuses, `resamples` < 1, or `confidence` outside (0, 1).

    Cost: up to n = 2,000 both taus of all resamples come from one matrix product (a fifth of a second at n = 500 and
    1,000 resamples); above, `resamples` times `coefficients`: at n = 15,625 about 1.5 minutes, nine tenths of it in
    scipy's weighted tau. Memory is bounded at any n.
    """
    score_vector, accuracy_vector = checked_pairs(scores, accuracies, least=3)
    if resamples < 1:
        raise ScoresError(f"resamples must be at least 1; got {resamples}")
    if not 0 < confidence < 1:
        raise ScoresError(f"confidence must lie between 0 and 1, exclusive; got {confidence}")
    drawn = [
        _resampled_coefficients(score_vector, accuracy_vector, chosen)
        for chosen in _draws(generator, resamples, score_vector.size)
    ]
    columns = np.concatenate(drawn).T
    return Intervals(*(_percentile_interval(column, confidence) for column in columns))


def _draws(generator: np.random.Generator, resamples: int, size: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield [rows, size] indices, `resamples` rows in all, as many at once as memory allows."""
    at_once = max(1, _VALUES_AT_ONCE // size)
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        yield np.stack([generator.integers(size, size=size) for _ in range(rows)])


def _resampled_coefficients(scores: FloatArray, accuracies: FloatArray, chosen: npt.NDArray[np.int64]) -> FloatArray:
    """The four coefficients of the pairs that each row of `chosen` names, shape [rows, 4]; a constant gives NaN."""
    drawn_scores, drawn_accuracies = scores[chosen], accuracies[chosen]
    values = np.full((len(chosen), 4), math.nan)
    varied = (drawn_scores != drawn_scores[:, :1]).any(axis=1)
    varied &= (drawn_accuracies != drawn_accuracies[:, :1]).any(axis=1)
    if not varied.any():
        return values
    drawn_scores, drawn_accuracies, chosen = drawn_scores[varied], drawn_accuracies[varied], chosen[varied]
    score_ranks, accuracy_ranks = mid_ranks(drawn_scores), mid_ranks(drawn_accuracies)
    if scores.size <= LARGEST:
        counts = np.stack([np.bincount(row, minlength=scores.size) for row in chosen])
        taus = resampled_taus(mid_ranks(scores), mid_ranks(accuracies), counts)
    else:
        pairs = list(zip(score_ranks, accuracy_ranks, strict=True))
        taus = np.array([(kendall_tau_b(*pair), weighted_tau(*pair)) for pair in pairs])
    spearman = _row_pearson(score_ranks, accuracy_ranks)
    pearson = _row_pearson(moderated(drawn_scores), moderated(drawn_accuracies))
    values[varied] = np.column_stack([spearman, taus, pearson])
    return values


def _row_pearson(first: FloatArray, second: FloatArray) -> FloatArray:
    """Pearson's coefficient between the rows of two [rows, n] matrices without a constant row, shape [rows]."""
    first = first - first.mean(axis=1, keepdims=True)
    second = second - second.mean(axis=1, keepdims=True)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second /= np.linalg.norm(second, axis=1, keepdims=True)
    return np.asarray(np.clip(np.einsum("rn,rn->r", first, second), -1.0, 1.0))


def _percentile_interval(values: FloatArray, confidence: float) -> Interval:
    """The middle `confidence` of the values (shape [resamples]) that are not NaN."""
    defined = values[~np.isnan(values)]
    if defined.size == 0:
        return Interval(math.nan, math.nan)
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
