"""The coefficients of many proxies on the same resamples of the architectures, and their jackknife values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError, unknown
from harness.progress import Advance, unseen
from harness.stats._pairs import FloatArray, Vectors, checked_rows
from harness.stats.names import COEFFICIENTS
from harness.stats.resampling.pair_signs import Counts, PairSigns, whole_type
from harness.stats.resampling.pearson import pearson
from harness.stats.resampling.ranks import Order, order_of, ranks_of, spearman_of, weighted_ranks
from harness.stats.resampling.tau import kendall_tau_b, weighted_tau

MOST_GROUPS = 500
"""Largest number of groups of architectures that the jackknife leaves out; see `resampled_coefficients`."""

# Bounds of memory, on which no result depends: a dozen float32 matrices of 8 MB at once, and 256 MB of plans.
_VALUES_AT_ONCE = 2_000_000
_BYTES_OF_PLANS = 256_000_000


class Resampled(NamedTuple):
    """Resampled coefficients, in the order of `COEFFICIENTS`; NaN where undefined or not requested.

    Attributes:
        estimates: coefficients on the sample itself, shape [proxies, 4].
        values: coefficients on each resample, the same for every proxy, shape [proxies, resamples, 4].
        left_out: jackknife values, without each group of architectures, shape [proxies, groups, 4]; without a
            jackknife there are no groups.
    """

    estimates: FloatArray
    values: FloatArray
    left_out: FloatArray


def resampled_coefficients(
    scores: Vectors,
    accuracies: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = 1000,
    jackknife: bool = False,
    wanted: Collection[str] = COEFFICIENTS,
    advance: Advance = unseen,
) -> Resampled:
    """The coefficients of each proxy on `resamples` draws of n of the n architectures with replacement.

    They are equal to those of `coefficients` on each resample. Ranks are those within the resample, where an
    architecture that is drawn twice is tied with itself.

    Args:
        scores: finite numbers, shape [proxies, n], n >= 3; all proxies on the same architectures.
        accuracies: finite numbers, shape [n].
        generator: the only source of randomness; it advances by `resamples` draws of n integers.
        resamples: number of resamples, >= 1.
        jackknife: whether to leave each architecture out too, for BCa's acceleration. For more than 500 architectures,
            500 fixed groups are left out instead; the acceleration is then about a thousandth, and so is the error by
            grouping.
        wanted: names of the coefficients to compute; all four by default.
        advance: called with a number of resamples that are ranked; for each proxy they add up to `resamples`.

    Raises:
        ScoresError: for scores or accuracies that `coefficients` refuses, `resamples` < 1, or an unknown name.

    Cost: at n = 15,625 and 1,000 resamples with forty proxies, seconds of one core per proxy: Spearman 0.3, Kendall
    0.35 more, the weighted tau 0.7 more, Pearson 0.1 (Spearman alone 11 s in all, all four 55 s). Memory is bounded by
    half a gigabyte and the size of one `PairSigns`.
    """
    rows, accuracy = checked_rows(scores, accuracies, least=3)
    for name in wanted:
        if name not in COEFFICIENTS:
            raise ScoresError(unknown("coefficient", name, COEFFICIENTS))
    size = rows.shape[1]
    groups = _groups(size) if jackknife else None
    count = 1 + max(0, resamples) + (0 if groups is None else int(groups.max()) + 1)
    values = np.full((len(rows), count, len(COEFFICIENTS)), np.nan)
    at_once = max(1, int(_BYTES_OF_PLANS / (16 * size ** (4 / 3) + 64 * size)))
    start = generator.bit_generator.state
    for first in range(0, len(rows), at_once):
        generator.bit_generator.state = start
        chosen = slice(first, first + at_once)
        plans = [_Plan(row, accuracy, wanted) for row in rows[chosen]]
        place = 0
        for counts in drawn_counts(generator, size, resamples, groups):
            before, here = resamples * place // count, slice(place, place := place + counts.shape[1])
            done = resamples * place // count - before
            if "pearson" in wanted:
                values[chosen, here, COEFFICIENTS.index("pearson")] = pearson(rows[chosen], accuracy, counts)
            if set(wanted) - {"pearson"}:
                values[chosen, here, :3] = _rank_coefficients(plans, accuracy, counts, partial(advance, done))
            else:
                advance(done * len(plans))
    return Resampled(values[:, 0], values[:, 1 : resamples + 1], values[:, resamples + 1 :])


class _Plan:
    """Data of one proxy that all its resamples share."""

    def __init__(self, scores: FloatArray, accuracies: FloatArray, wanted: Collection[str]) -> None:
        self.order: Order = order_of(scores)
        self.wants_spearman = "spearman" in wanted
        self.wants_kendall = "kendall_tau_b" in wanted
        self.signs = PairSigns(scores, accuracies) if {"kendall_tau_b", "weighted_tau"} & set(wanted) else None
        self.wants_weighted_tau = "weighted_tau" in wanted


def _rank_coefficients(
    plans: Sequence[_Plan], accuracies: FloatArray, counts: Counts, advance: Callable[[], None]
) -> FloatArray:
    """The three rank coefficients of each plan under `counts` (shape [n, rows]), shape [plans, rows, 3]."""
    order = order_of(accuracies)
    ranks = ranks_of(order, counts)
    products = weighted_ranks(order, ranks, counts)
    values = np.full((len(plans), counts.shape[1], 3), np.nan)
    for plan, (spearman, kendall, weighted) in zip(plans, values.transpose(0, 2, 1), strict=True):
        own = ranks_of(plan.order, counts)
        if plan.wants_spearman:
            spearman[:] = spearman_of(plan.order, own, products)
        if plan.signs is not None:
            agreeing = plan.signs.times(counts)
            if plan.wants_kendall:
                kendall[:] = kendall_tau_b(counts, agreeing, own, ranks)
            if plan.wants_weighted_tau:
                weighted[:] = weighted_tau(counts, agreeing, (plan.order, own), (order, ranks))
        advance()
    return values


def drawn_counts(
    generator: np.random.Generator, size: int, resamples: int, groups: npt.NDArray[np.int64] | None = None
) -> Iterator[Counts]:
    """Counts of the n elements, [n, rows] at a time: the sample itself, the resamples, and all but each group.

    Raises:
        ScoresError: for `resamples` < 1.
    """
    if resamples < 1:
        raise ScoresError(f"resamples must be at least 1; got {resamples}")
    at_once = max(1, _VALUES_AT_ONCE // size)
    dtype = whole_type(size)
    yield np.ones((size, 1), dtype=dtype)
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        yield np.stack([_drawn(generator, size) for _ in range(rows)], axis=1).astype(dtype)
    if groups is not None:
        for start in range(0, int(groups.max()) + 1, at_once):
            left_out = np.arange(start, min(start + at_once, int(groups.max()) + 1))
            yield (groups[:, None] != left_out).astype(dtype)


def _drawn(generator: np.random.Generator, size: int) -> npt.NDArray[np.int64]:
    return np.bincount(generator.integers(size, size=size), minlength=size)


def _groups(size: int) -> npt.NDArray[np.int64]:
    """Group of each architecture: its own, or one of `MOST_GROUPS` random groups, whose sizes differ by at most one."""
    if size <= MOST_GROUPS:
        return np.arange(size)
    return np.random.default_rng(0).permutation(np.arange(size) % MOST_GROUPS)
