"""Ranks in many resamples of one sample at once: a resample is a vector of counts, one for each element."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from harness.stats._pairs import FloatArray
from harness.stats.resampling.pair_signs import Counts, IntArray

_BLOCK = 64


class Order(NamedTuple):
    """Order of the elements of a sample, with ties; the same in every resample.

    Attributes:
        rising: indices of the elements from the lowest value to the highest, shape [n].
        value: number of each element's value among the G distinct values, 0 for the lowest, shape [n].
        first: position of each value's first element in `rising`, shape [G].
    """

    rising: IntArray
    value: IntArray
    first: IntArray


class Ranks(NamedTuple):
    """Ranks in resamples, by value; resample r has N_r draws.

    Attributes:
        draws: number of draws with each value, shape [G, rows].
        centred: mid-rank of each value minus the mean rank (N_r + 1) / 2, shape [G, rows]; exact.
        sum_of_squares: sum of squares of the centred ranks over all draws, shape [rows]; 0 where all draws are equal.
        untied: number of ordered pairs of draws with different values, shape [rows].
    """

    draws: Counts
    centred: Counts
    sum_of_squares: FloatArray
    untied: FloatArray


def order_of(values: FloatArray) -> Order:
    """The order of a sample, shape [n]."""
    _, value, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return Order(np.argsort(values, kind="stable"), value, np.cumsum(sizes) - sizes)


def ranks_of(order: Order, counts: Counts) -> Ranks:
    """Ranks of the draws of each column of `counts` (shape [n, rows]); ties get their mean rank."""
    ends = running_sums(counts[order.rising])
    last = np.append(order.first[1:], len(order.rising)) - 1
    ends = ends[last] if len(last) < len(ends) else ends
    draws = steps(ends)
    total = ends[-1].astype(np.float64)
    centred = ends - draws / 2 - (total / 2).astype(counts.dtype)
    squares = np.einsum("gr,gr->r", draws, draws, dtype=np.float64)
    cubes = np.einsum("gr,gr,gr->r", draws, draws, draws, dtype=np.float64)
    return Ranks(draws, centred, (total**3 - cubes) / 12, total**2 - squares)


def running_sums(counts: Counts) -> Counts:
    """Cumulative sums down the columns of [n, rows], as matrix products: numpy's `cumsum` takes four times as long."""
    size, rows = counts.shape
    padded = np.zeros((-(-size // _BLOCK), _BLOCK, rows), dtype=counts.dtype)
    padded.reshape(-1, rows)[:size] = counts
    sums = np.matmul(np.tri(_BLOCK, dtype=counts.dtype), padded)
    sums[1:] += np.cumsum(sums[:-1, -1:], axis=0)
    return np.asarray(sums.reshape(-1, rows)[:size])


def steps(sums: Counts) -> Counts:
    """Inverse of `running_sums`: the first row, then the differences; numpy's `diff` takes five times as long."""
    found = sums.copy()
    found[1:] -= sums[:-1]
    return found


def spearman(first: Order, second: Order, counts: Counts) -> FloatArray:
    """Spearman's coefficient of each resample, shape [rows]; NaN where a vector is constant in it."""
    return spearman_of(first, ranks_of(first, counts), weighted_ranks(second, ranks_of(second, counts), counts))


class WeightedRanks(NamedTuple):
    """The data of a second vector for `spearman_of`.

    Attributes:
        products: centred ranks times counts, shape [n, rows].
        sum_of_squares: sum of squares of the centred ranks over all draws, shape [rows].
    """

    products: FloatArray
    sum_of_squares: FloatArray


def weighted_ranks(order: Order, ranks: Ranks, counts: Counts) -> WeightedRanks:
    """Weighted ranks of the second vector for `spearman_of`, computed once for all first vectors."""
    products = ranks.centred[order.value].astype(np.float64)
    products *= counts
    return WeightedRanks(products, ranks.sum_of_squares)


def spearman_of(order: Order, ranks: Ranks, second: WeightedRanks) -> FloatArray:
    """Spearman's coefficient between one vector and another's `weighted_ranks`, shape [rows]."""
    shared = second.products[order.rising]
    if len(order.first) < len(shared):
        shared = np.add.reduceat(shared, order.first, axis=0)
    covariance = np.einsum("gr,gr->r", shared, ranks.centred, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = covariance / np.sqrt(ranks.sum_of_squares) / np.sqrt(second.sum_of_squares)
    defined = (ranks.sum_of_squares > 0) & (second.sum_of_squares > 0)
    return np.where(defined, np.clip(value, -1.0, 1.0), np.nan)
