"""Partial correlation: rank correlation with other quantities, such as parameters, held fixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError
from harness.progress import Advance, unseen
from harness.stats._pairs import FloatArray, Vectors, checked_rows
from harness.stats.intervals import Interval, check_options, percentile_interval
from harness.stats.names import COEFFICIENTS
from harness.stats.resampling.resampled import resampled_coefficients

_NOTHING_LEFT = 1e-10


class Partial(NamedTuple):
    """A partial coefficient with its interval; NaN where the held vectors determine one of the two others."""

    value: float
    interval: Interval


def partial_correlations(
    scores: Vectors,
    accuracies: npt.ArrayLike,
    held: Vectors,
    *,
    generator: np.random.Generator,
    given: Sequence[Sequence[int]] | None = None,
    coefficient: str = "spearman",
    resamples: int = 1000,
    confidence: float = 0.95,
    advance: Advance = unseen,
) -> list[tuple[Partial, ...]]:
    """Partial correlation of each proxy with accuracy, with vectors of `held` fixed, and percentile intervals.

    For Spearman's coefficient it is the correlation of the residuals of both vectors' ranks after regression on the
    held vectors' ranks. For Kendall's it is the same formula of the taus (Kendall 1942), which is no regression and is
    not zero where two vectors depend on the third alone.

    Args:
        scores: finite numbers, shape [proxies, n], n >= 3.
        accuracies: finite numbers, shape [n].
        held: finite vectors that can be held fixed, shape [k, n], k >= 1; they may determine each other.
        generator: the only source of randomness; it advances by `resamples` draws of n integers.
        given: sets of indices of the vectors that are held fixed together, such as [(0,), (1,), (0, 1)]; by default one
            set of all.
        coefficient: name of the coefficient, `spearman`, `kendall_tau_b` or `pearson`.
        resamples: number of resamples, >= 1.
        confidence: confidence level of the intervals, in (0, 1).
        advance: called with a number of resamples that are ranked; in all `resamples` times (k + 1)
            (proxies + k + 1).

    Returns:
        For each proxy, one coefficient for each set of `given`.

    Raises:
        ScoresError: where `resampled_coefficients` does, for the weighted tau, or lengths that differ.
    """
    check_options("percentile", confidence)
    if coefficient == "weighted_tau":
        raise ScoresError("a partial weighted tau is not defined: take spearman, kendall_tau_b or pearson")
    rows, accuracy = checked_rows(scores, accuracies, least=3)
    fixed, _ = checked_rows(held, accuracy, least=3)
    count = len(rows)
    start = generator.bit_generator.state
    columns = []
    for target in (accuracy, *fixed):
        generator.bit_generator.state = start
        found = resampled_coefficients(
            [*rows, *fixed, accuracy],
            target,
            generator=generator,
            resamples=resamples,
            wanted=[coefficient],
            advance=advance,
        )
        place = COEFFICIENTS.index(coefficient)
        columns.append(np.concatenate([found.estimates[:, None, place], found.values[:, :, place]], axis=1))
    table = np.stack(columns)  # [1 + k targets, proxies + k + 1 vectors, 1 + resamples]
    sets = [list(places) for places in given] if given is not None else [list(range(len(fixed)))]
    partials = []
    for row in range(count):
        found_sets = []
        for places in sets:
            targets, vectors = [1 + place for place in places], [count + place for place in places]
            values = partial_of(
                table[0, row],
                table[targets, row].T,
                table[0, vectors].T,
                np.moveaxis(table[np.ix_(targets, vectors)], 2, 0),
            )
            found_sets.append(Partial(float(values[0]), percentile_interval(values[1:], confidence)))
        partials.append(tuple(found_sets))
    return partials


def partial_of(
    correlation: FloatArray, with_first: FloatArray, with_second: FloatArray, among_held: FloatArray
) -> FloatArray:
    """Partial coefficients from plain coefficients, shape [rows].

    With r the coefficient between two vectors, C the coefficients among the k held vectors, and c and d those between
    the held vectors and each of the two: (r − cᵀ C⁺ d) / √((1 − cᵀ C⁺ c)(1 − dᵀ C⁺ d)).

    Args:
        correlation: coefficients r, shape [rows].
        with_first: coefficients c, shape [rows, k].
        with_second: coefficients d, shape [rows, k].
        among_held: coefficients C, shape [rows, k, k]; singular where held vectors determine each other.

    Returns:
        Partial coefficients; NaN where a coefficient is NaN, or where the held vectors determine one of the two.
    """
    defined = ~(
        np.isnan(correlation)
        | np.isnan(with_first).any(1)
        | np.isnan(with_second).any(1)
        | np.isnan(among_held).any((1, 2))
    )
    values = np.full(correlation.shape, np.nan)
    c, d = with_first[defined], with_second[defined]
    inverse = np.linalg.pinv(among_held[defined], rcond=_NOTHING_LEFT, hermitian=True)
    explained, left, right = (
        np.einsum("ri,rij,rj->r", *terms) for terms in ((c, inverse, d), (c, inverse, c), (d, inverse, d))
    )
    spread = np.clip(1 - left, 0, None), np.clip(1 - right, 0, None)
    varies = (spread[0] > _NOTHING_LEFT) & (spread[1] > _NOTHING_LEFT)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (correlation[defined] - explained) / np.sqrt(spread[0] * spread[1])
    values[defined] = np.where(varies, np.clip(ratio, -1.0, 1.0), np.nan)
    return values
