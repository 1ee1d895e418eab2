"""Standard errors of rank correlations from the influence of each architecture, without resampling."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from harness.stats._pairs import FloatArray, Vectors, checked_rows
from harness.stats.intervals import Interval, check_options
from harness.stats.names import RANK_COEFFICIENTS
from harness.stats.resampling.pair_signs import PairSigns

_LEAST = 3


class RankInfluences(NamedTuple):
    """Rank correlations of proxies with one column, and what each architecture has to do with them.

    Attributes:
        estimates: the coefficients `harness.stats.names.RANK_COEFFICIENTS`, shape [proxies, 2]; NaN where a proxy or
            the column is constant.
        values: influence of each architecture on each coefficient, shape [proxies, 2, n]; each sums to zero.
    """

    estimates: FloatArray
    values: FloatArray


class Estimated(NamedTuple):
    """A coefficient, or the difference of two, with what its influences tell.

    Attributes:
        value: the coefficient or the difference.
        interval: value ± z standard errors of the normal distribution.
        p: two-sided p-value of zero.
    """

    value: float
    interval: Interval
    p: float


def rank_influences(scores: Vectors, accuracies: npt.ArrayLike) -> RankInfluences:
    """Spearman's coefficient and Kendall's tau-b of each proxy, with the influence of each architecture.

    The influence of architecture k is the derivative of the coefficient by the weight of k, where the weights of all
    others shrink so that they add up to one (Hampel 1974). The root of its mean square over n is the standard error of
    the infinitesimal jackknife (Efron 1982, chapter 6). It is that of the bootstrap up to terms of 1 / n, and takes a
    single pass. Both coefficients treat ties as `harness.stats.coefficients` does.

    Args:
        scores: finite numbers, shape [proxies, n], n >= 3; all proxies on the same architectures.
        accuracies: finite numbers, shape [n].

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, or n < 3.

    Cost: that of one `PairSigns` for each proxy, some 5 ms at n = 15,625.
    """
    rows, accuracy = checked_rows(scores, accuracies, least=_LEAST)
    estimates = np.full((len(rows), len(RANK_COEFFICIENTS)), np.nan)
    values = np.full((*estimates.shape, accuracy.size), np.nan)
    second = _Ranks(accuracy)
    for place, row in enumerate(rows):
        first = _Ranks(row)
        if first.untied > 0 and second.untied > 0:
            estimates[place, 0], values[place, 0] = _spearman(first, second)
            estimates[place, 1], values[place, 1] = _kendall(row, accuracy, first, second)
    return RankInfluences(estimates, values)


def estimated_by(value: float, influences: FloatArray, *, confidence: float = 0.95) -> Estimated:
    """Interval and p-value of a coefficient or a difference of two, from its influences.

    Args:
        value: the coefficient, or the difference.
        influences: those on it, shape [n]; for a difference on the same architectures, their difference.
        confidence: confidence level of the interval, in (0, 1).

    Raises:
        ScoresError: for a confidence outside (0, 1).
    """
    check_options("percentile", confidence)
    if math.isnan(value):
        return Estimated(math.nan, Interval(math.nan, math.nan), math.nan)
    error = math.sqrt(float(influences @ influences)) / influences.size
    reach = float(special.ndtri((1 + confidence) / 2)) * error
    if error > 0:
        p = float(2 * special.ndtr(-abs(value) / error))
    else:
        p = float(value == 0)
    return Estimated(value, Interval(value - reach, value + reach), p)


def rank_estimates(
    scores: npt.ArrayLike, accuracies: npt.ArrayLike, *, confidence: float = 0.95
) -> dict[str, Estimated]:
    """Spearman's coefficient and Kendall's tau-b of one proxy by name, with intervals that do not leave [−1, 1].

    Args:
        scores: finite numbers, shape [n]; fewer than three give NaN.
        accuracies: finite numbers, shape [n].
        confidence: confidence level of the intervals, in (0, 1).

    Raises:
        ScoresError: as of `rank_influences`, and for a confidence outside (0, 1).
    """
    if len(np.asarray(scores)) < _LEAST:
        return dict.fromkeys(RANK_COEFFICIENTS, Estimated(math.nan, Interval(math.nan, math.nan), math.nan))
    found = rank_influences([np.asarray(scores)], accuracies)
    estimates = {}
    for place, name in enumerate(RANK_COEFFICIENTS):
        one = estimated_by(float(found.estimates[0, place]), found.values[0, place], confidence=confidence)
        estimates[name] = one._replace(interval=Interval(*(min(max(end, -1.0), 1.0) for end in one.interval)))
    return estimates


class _Ranks:
    """Ranks of a vector as shares of n, and of which elements it is tied with.

    Attributes:
        codes: place of each element's value among the different values.
        shares: F_i = (number below i + half the number equal to i) / n.
        others: share of the elements that are not tied with i.
        untied: mean of `others`; zero where the vector is constant.
    """

    def __init__(self, values: FloatArray) -> None:
        _, self.codes, counts = np.unique(values, return_inverse=True, return_counts=True)
        below = np.cumsum(counts) - counts
        self.shares = ((below + counts / 2) / values.size)[self.codes]
        self.others = (1 - counts / values.size)[self.codes]
        self.untied = float(self.others.mean())

    def mean_above(self, numbers: FloatArray) -> FloatArray:
        """For each k, the mean over i of `numbers` times (1 where i is above k, a half where they are tied)."""
        sums = np.bincount(self.codes, weights=numbers)
        return np.asarray(((sums.sum() - np.cumsum(sums)) + sums / 2)[self.codes] / numbers.size)


def _spearman(first: _Ranks, second: _Ranks) -> tuple[float, FloatArray]:
    """ρ = cov(F, G) / sqrt(var F var G), with E F = E G = ½ whatever the weights are."""
    covariance, along = _moment(first, second)
    variances, across = zip(*(_moment(ranks, ranks) for ranks in (first, second)), strict=True)
    scale = math.sqrt(variances[0] * variances[1])
    value = covariance / scale
    influence = along / scale - value / 2 * (across[0] / variances[0] + across[1] / variances[1])
    return value, influence


def _moment(first: _Ranks, second: _Ranks) -> tuple[float, FloatArray]:
    """E[F G] − ¼, and its influences: F_k G_k, and what k adds to the ranks of the others, less three times E[F G]."""
    products = first.shares * second.shares
    mean = float(products.mean())
    influence = products + first.mean_above(second.shares) + second.mean_above(first.shares) - 3 * mean
    return mean - 0.25, influence


def _kendall(scores: FloatArray, accuracies: FloatArray, first: _Ranks, second: _Ranks) -> tuple[float, FloatArray]:
    """τ-b = C / sqrt(A B): C the mean sign of pairs, A and B the shares of pairs that are not tied."""
    size = scores.size
    signs = np.asarray(PairSigns(scores, accuracies).times(np.ones((size, 1)))[:, 0], dtype=np.float64) / size
    scale = math.sqrt(first.untied * second.untied)
    value = float(signs.mean()) / scale
    ties = first.others / first.untied + second.others / second.untied - 2
    return value, 2 * (signs - signs.mean()) / scale - value * ties
