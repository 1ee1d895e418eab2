"""Paired comparison of proxies: differences of their coefficients on the same resamples, and significance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from harness.errors import ScoresError, unknown
from harness.stats.intervals import check_options, percentile_interval
from harness.stats.names import COEFFICIENTS
from harness.stats.real_numbers import FloatArray, real_numbers
from harness.stats.resampling.resampled import Resampled


class PairedDifferences(NamedTuple):
    """Differences of row proxy minus column proxy, each of shape [proxies, proxies]; NaN where undefined.

    Attributes:
        difference: difference of the coefficients on the sample; antisymmetric.
        low: lower end of the difference's percentile interval, for the pair alone.
        high: upper end of that interval.
        p: two-sided p-value of no difference, for the pair alone; 1 on the diagonal.
        p_holm: p-value adjusted for all pairs, by which significance is decided.
    """

    difference: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    p_holm: FloatArray


def paired_differences(
    resampled: Resampled, coefficient: str = "spearman", *, confidence: float = 0.95
) -> PairedDifferences:
    """Differences between proxies in one coefficient, each pair on the same resamples of the same architectures.

    The effect of an easy or a hard sample on both proxies cancels in the difference, so that it is more certain than
    two separate intervals suggest. The p-value is that of a normal distribution with the standard deviation of the
    resampled differences. A count of resamples beyond zero could not be below 2 / B for B resamples, which Holm's
    correction over hundreds of pairs would turn into 1 for every pair.

    Args:
        resampled: result of `resampled_coefficients` for all proxies.
        coefficient: name of the coefficient, one of `COEFFICIENTS`.
        confidence: confidence level of the intervals, in (0, 1).

    Raises:
        ScoresError: for an unknown coefficient, one that was not resampled, or a confidence outside (0, 1).

    Sources: Efron & Tibshirani 1993, section 16.2; Holm 1979.
    """
    check_options("percentile", confidence)
    if coefficient not in COEFFICIENTS:
        raise ScoresError(unknown("coefficient", coefficient, COEFFICIENTS))
    place = COEFFICIENTS.index(coefficient)
    estimates, values = resampled.estimates[:, place], resampled.values[:, :, place]
    if np.isnan(values).all():
        raise ScoresError(f"{coefficient} was not resampled: ask for it in `wanted`, or no input varies")
    size = len(estimates)
    low, high, p = np.zeros((size, size)), np.zeros((size, size)), np.ones((size, size))
    difference = estimates[:, None] - estimates
    first, second = np.triu_indices(size, k=1)
    for i, j in zip(first.tolist(), second.tolist(), strict=True):
        low[i, j], high[i, j] = percentile_interval(values[i] - values[j], confidence)
        low[j, i], high[j, i] = -high[i, j], -low[i, j]
        p[i, j] = p[j, i] = p_value_of_no_difference(float(difference[i, j]), values[i] - values[j])
    adjusted = np.ones((size, size))
    adjusted[first, second] = adjusted[second, first] = holm(p[first, second])
    return PairedDifferences(difference, low, high, p, adjusted)


def p_value_of_no_difference(difference: float, resampled: FloatArray) -> float:
    """Two-sided p-value of a difference, under a normal distribution with the deviation of its resampled values [B]."""
    defined = resampled[~np.isnan(resampled)]
    if np.isnan(difference) or defined.size < 2:
        return np.nan
    deviation = float(defined.std(ddof=1))
    if deviation == 0:
        return float(difference == 0)
    return float(2 * special.ndtr(-abs(difference) / deviation))


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """P-values (shape [m]) adjusted by Holm's step-down method (1979), in their order; NaN stay and are not counted.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    given = real_numbers(p_values, "p-values")
    order = np.argsort(given)[: np.count_nonzero(~np.isnan(given))]
    adjusted = np.full(given.shape, np.nan)
    factors = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * given[order]), 1.0)
    return adjusted


def indistinguishable_groups(
    estimates: npt.ArrayLike, p_values: npt.ArrayLike, *, level: float = 0.05
) -> list[tuple[int, ...]]:
    """Bars of a critical-difference diagram: longest runs of proxies, best first, without a significant difference.

    Args:
        estimates: one coefficient per proxy, shape [proxies]; proxies with NaN are in no group.
        p_values: adjusted p-values, symmetric, shape [proxies, proxies]; NaN counts as not significant.
        level: pairs with a p-value below it differ significantly.

    Returns:
        Indices of each group of two or more proxies, from its best to its worst; groups are ordered by their best
        proxy. Two proxies without a significant difference are in no common group if a proxy between them differs
        significantly from one of the two.

    Source: the bars of Demšar 2006, with pairwise tests instead of one critical difference.
    """
    values, p = real_numbers(estimates, "estimates"), real_numbers(p_values, "p-values")
    order: Sequence[int] = [int(i) for i in np.argsort(-values, kind="stable") if not np.isnan(values[i])]
    groups: list[tuple[int, ...]] = []
    reached = 0
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and not (p[order[end], order[start:end]] < level).any():
            end += 1
        if end - start > 1 and end > reached:
            groups.append(tuple(order[start:end]))
            reached = end
    return groups
