"""How sure a coefficient is over the choice of architectures and over seeds of the weights: bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError, unknown
from harness.stats._pairs import FloatArray, Rows
from harness.stats.intervals import Interval, bca_interval, check_options, percentile_interval
from harness.stats.names import COEFFICIENTS
from harness.stats.resampling.resampled import Resampled, resampled_coefficients

UNITS = ("architectures", "seeds", "both")


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
    method: str = "percentile",
) -> Intervals:
    """Bootstrap interval of each of the four coefficients of one proxy (Efron & Tibshirani 1993, ch. 13 and 14).

    Architectures are drawn with replacement, a score together with its accuracy, n of n. The interval holds the
    middle `confidence` of the resampled coefficients (linear interpolation between order statistics), corrected for
    bias and skewness where `method` is bca. It speaks of the choice of architectures only: not of the proxy's own
    seed (see `seed_intervals`), nor of the noise in the tabulated accuracies.

    Args:
        scores: finite numbers, shape [n], n >= 3.
        accuracies: finite numbers, shape [n].
        generator: the only source of randomness; it moves on as `resampled_coefficients` says.
        resamples: how often to draw, >= 1.
        confidence: share of the resamples inside the interval, in (0, 1).
        method: `percentile` or `bca`.

    Returns:
        An interval a coefficient. A resample in which either input is constant defines no coefficient and is
        dropped; where none remain the ends are NaN.

    Raises:
        ScoresError: what `coefficients` refuses, `resamples` < 1, `confidence` outside (0, 1), or an unknown method.

    Cost: about 1.5 seconds at n = 15,625 and 1,000 resamples, half as much again for bca; memory is bounded.
    """
    (found,) = interval_rows(
        [scores], accuracies, generator=generator, resamples=resamples, confidence=confidence, method=method
    )
    return found


def interval_rows(
    scores: Rows,
    accuracies: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
    method: str = "percentile",
) -> list[Intervals]:
    """`bootstrap_intervals` of several proxies on the same architectures and the same resamples.

    Args:
        scores: finite numbers, shape [proxies, n].
        accuracies: as the other arguments, see `bootstrap_intervals`.
        generator: likewise.
        resamples: likewise.
        confidence: likewise.
        method: likewise.

    Returns:
        What `bootstrap_intervals` gives for each row with a generator in the same state.
    """
    check_options(method, confidence)
    found = resampled_coefficients(
        scores, accuracies, generator=generator, resamples=resamples, jackknife=method == "bca"
    )
    return [intervals_of(found, row, method, confidence) for row in range(len(found.estimates))]


def intervals_of(resampled: Resampled, row: int, method: str, confidence: float) -> Intervals:
    """The intervals of one proxy of a `Resampled`; bca needs its jackknife."""
    return Intervals(
        *(
            _interval(values, estimate, [left_out], method, confidence)
            for values, estimate, left_out in zip(
                resampled.values[row].T, resampled.estimates[row], resampled.left_out[row].T, strict=True
            )
        )
    )


def seed_intervals(
    scores: Rows,
    accuracies: npt.ArrayLike,
    *,
    over: str = "both",
    generator: np.random.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
    method: str = "percentile",
) -> Intervals:
    """Interval of the coefficient of one seed's scores, averaged over seeds: what one scoring run can expect.

    Args:
        scores: of one proxy with several seeds of the weights, finite, shape [seeds, n], seeds >= 2, n >= 3.
        accuracies: finite numbers, shape [n].
        over: what is drawn with replacement: `architectures` (all seeds on the same ones), `seeds`, or `both`.
        generator: the only source of randomness: the architectures first, then `resamples` draws of the seeds.
        resamples: how often to draw, >= 1.
        confidence: share of the resamples inside the interval, in (0, 1).
        method: `percentile` or `bca`.

    Returns:
        An interval a coefficient, about the mean of the seeds' coefficients. Of S seeds the bootstrap sees a variance
        that is too small by (S − 1) / S: with three, intervals over seeds are a sixth too narrow, and coarse.

    Raises:
        ScoresError: what `bootstrap_intervals` refuses, fewer than two seeds, or an unknown `over`.
    """
    check_options(method, confidence)
    if over not in UNITS:
        raise ScoresError(unknown("unit to resample", over, UNITS))
    found = resampled_coefficients(
        scores, accuracies, generator=generator, resamples=resamples, jackknife=method == "bca" and over != "seeds"
    )
    seeds = len(found.estimates)
    if seeds < 2:
        raise ScoresError(f"at least 2 seeds are needed; got {seeds}")
    # in one order, so that each draw of every seed once has the mean of the sample to the last bit: for bca it is a tie
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
