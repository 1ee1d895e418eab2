"""Bootstrap intervals of the coefficients, over the choice of architectures and over seeds of the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError, unknown
from harness.progress import Advance, unseen
from harness.stats._pairs import FloatArray, Vectors
from harness.stats.intervals import Interval, bca_interval, check_options, percentile_interval
from harness.stats.names import COEFFICIENTS
from harness.stats.resampling.resampled import Resampled, resampled_coefficients

UNITS = ("architectures", "seeds", "both")


class Intervals(NamedTuple):
    """One interval per coefficient, in the order of `Coefficients`."""

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
    method: str = "percentile",
) -> Intervals:
    """Bootstrap interval of each of the four coefficients of one proxy (Efron & Tibshirani 1993, ch. 13 and 14).

    n of the n architectures are drawn with replacement, each score together with its accuracy. The interval holds the
    middle `confidence` of the resampled coefficients (linear interpolation between order statistics), corrected for
    bias and skewness where `method` is bca. It covers the choice of architectures only: not the seed of the proxy's
    weights (see `seed_intervals`), and not the noise in the tabulated accuracies.

    Args:
        scores: finite numbers, shape [n], n >= 3.
        accuracies: finite numbers, shape [n].
        generator: the only source of randomness; it advances by `resamples` draws of n integers.
        resamples: number of resamples, >= 1.
        confidence: share of the resamples inside the interval, in (0, 1).
        method: kind of interval, `percentile` or `bca`.

    Returns:
        One interval per coefficient. A resample in which either input is constant has no coefficient and is dropped;
        where none remains, the ends are NaN.

    Raises:
        ScoresError: where `coefficients` does, for `resamples` < 1, `confidence` outside (0, 1), or an unknown method.

    Cost: about 1.5 seconds at n = 15,625 and 1,000 resamples, and half as much in addition for bca; memory is bounded.
    """
    (found,) = interval_rows(
        [scores], accuracies, generator=generator, resamples=resamples, confidence=confidence, method=method
    )
    return found


def interval_rows(
    scores: Vectors,
    accuracies: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
    method: str = "percentile",
    advance: Advance = unseen,
) -> list[Intervals]:
    """Bootstrap intervals of several proxies on the same architectures and the same resamples.

    Args:
        scores: finite numbers, shape [proxies, n], n >= 3.
        accuracies: finite numbers, shape [n].
        generator: the only source of randomness; it advances by `resamples` draws of n integers.
        resamples: number of resamples, >= 1.
        confidence: share of the resamples inside the interval, in (0, 1).
        method: kind of interval, `percentile` or `bca`.
        advance: called with a number of resamples that are ranked; for each proxy they add up to `resamples`.

    Returns:
        For each row, the result of `bootstrap_intervals` with a generator in the same state.
    """
    check_options(method, confidence)
    found = resampled_coefficients(
        scores, accuracies, generator=generator, resamples=resamples, jackknife=method == "bca", advance=advance
    )
    return [intervals_of(found, row, method, confidence) for row in range(len(found.estimates))]


def intervals_of(resampled: Resampled, row: int, method: str, confidence: float) -> Intervals:
    """The intervals of one proxy from resampled coefficients; bca needs their jackknife values."""
    return Intervals(
        *(
            _interval(values, estimate, [left_out], method, confidence)
            for values, estimate, left_out in zip(
                resampled.values[row].T, resampled.estimates[row], resampled.left_out[row].T, strict=True
            )
        )
    )


def seed_intervals(
    scores: Vectors,
    accuracies: npt.ArrayLike,
    *,
    over: str = "both",
    generator: np.random.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
    method: str = "percentile",
    advance: Advance = unseen,
) -> Intervals:
    """Bootstrap intervals of the coefficients of one scoring run, averaged over seeds of the weights.

    Args:
        scores: finite scores of one proxy with several seeds of the weights, shape [seeds, n], seeds >= 2, n >= 3.
        accuracies: finite numbers, shape [n].
        over: the units that are drawn with replacement: `architectures` (the same for all seeds), `seeds`, or `both`.
        generator: the only source of randomness, first for the architectures, then for `resamples` draws of the seeds.
        resamples: number of resamples, >= 1.
        confidence: share of the resamples inside the interval, in (0, 1).
        method: kind of interval, `percentile` or `bca`.
        advance: called with a number of resamples that are ranked; for each seed they add up to `resamples`.

    Returns:
        One interval per coefficient, around the mean of the seeds' coefficients. With S seeds, the bootstrap's variance
        is too small by the factor (S − 1) / S: with three seeds, intervals over seeds are a sixth too narrow, and
        coarse.

    Raises:
        ScoresError: where `bootstrap_intervals` does, for fewer than two seeds, or an unknown `over`.
    """
    check_options(method, confidence)
    if over not in UNITS:
        raise ScoresError(unknown("unit to resample", over, UNITS))
    found = resampled_coefficients(
        scores,
        accuracies,
        generator=generator,
        resamples=resamples,
        jackknife=method == "bca" and over != "seeds",
        advance=advance,
    )
    seeds = len(found.estimates)
    if seeds < 2:
        raise ScoresError(f"at least 2 seeds are needed; got {seeds}")
    # sorted, so that a draw of every seed once has exactly the mean of the sample, which is a tie for bca
    drawn = np.sort(generator.integers(seeds, size=(resamples, seeds)), axis=1)
    estimates, *means = found.estimates[np.vstack([np.arange(seeds), drawn])].mean(axis=1)
    if over == "architectures":
        values = found.values.mean(axis=0)
    elif over == "seeds":
        values = np.array(means)
    else:
        values = found.values[drawn, np.arange(resamples)[:, None]].mean(axis=1)
    kinds = [] if over == "seeds" else [found.left_out.mean(axis=0)]
    if over != "architectures":
        kinds.append((found.estimates.sum(axis=0) - found.estimates) / (seeds - 1))
    return Intervals(
        *(
            _interval(values[:, place], estimates[place], [kind[:, place] for kind in kinds], method, confidence)
            for place in range(len(COEFFICIENTS))
        )
    )


def _interval(
    values: FloatArray, estimate: float, left_out: Sequence[FloatArray], method: str, confidence: float
) -> Interval:
    if method == "bca":
        return bca_interval(values, float(estimate), left_out, confidence)
    return percentile_interval(values, confidence)
