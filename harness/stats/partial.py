"""What scores know beyond size: rank correlation with other quantities, such as parameters, held fixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError
from harness.stats._pairs import FloatArray, Rows, checked_rows
from harness.stats.intervals import Interval, check_options, percentile_interval
from harness.stats.names import COEFFICIENTS
from harness.stats.resampling.resampled import resampled_coefficients

_NOTHING_LEFT = 1e-10


class Partial(NamedTuple):
    """A partial coefficient with its interval; NaN where a vector does not vary beyond those held fixed."""

    value: float
    interval: Interval


def partial_correlations(
    scores: Rows,
    accuracies: npt.ArrayLike,
    held: Rows,
    *,
    generator: np.random.Generator,
    given: Sequence[Sequence[int]] | None = None,
    coefficient: str = "spearman",
    resamples: int = 1000,
    confidence: float = 0.95,
) -> list[tuple[Partial, ...]]:
    """Partial correlation of each proxy with accuracy, vectors of `held` fixed, with percentile intervals.

    Of Spearman's coefficients it is the correlation of what remains of the ranks of both after the ranks held fixed
    are regressed out; of Kendall's the same formula of the taus (Kendall 1942), which is no regression and is not zero
    where two vectors depend on the third alone.

    Args:
        scores: finite numbers, shape [proxies, n], n >= 3.
        accuracies: finite numbers, shape [n].
        held: finite numbers, shape [k, n], k >= 1; they may determine each other.
        generator: the only source of randomness; it moves on by `resamples` draws of n integers.
        given: which of the vectors are held fixed, as sets of their places, such as [(0,), (1,), (0, 1)]; by default
            all of them at once.
        coefficient: `spearman`, `kendall_tau_b` or `pearson`.
        resamples: how often to draw, >= 1.
        confidence: of the intervals, in (0, 1).

    Returns:
        For each proxy a coefficient for each set of `given`.

    Raises:
        ScoresError: what `resampled_coefficients` refuses, the weighted tau, or lengths that differ.
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
            [*rows, *fixed, accuracy], target, generator=generator, resamples=resamples, wanted=[coefficient]
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
    """Partial coefficients from plain ones, shape [rows].

    With C the matrix among the k vectors held, c and d its columns to the two others and r their coefficient:
    (r − cᵀ C⁺ d) / √((1 − cᵀ C⁺ c)(1 − dᵀ C⁺ d)).

    Args:
        correlation: r, shape [rows].
        with_first: c, shape [rows, k].
        with_second: d, shape [rows, k].
        among_held: C, shape [rows, k, k]; singular where they determine each other.

    Returns:
        NaN where a coefficient is, or where a vector does not vary beyond those held.
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
