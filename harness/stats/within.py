"""Rank correlation inside classes of architectures, such as those with equal numbers of parameters."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError
from harness.progress import Advance, unseen
from harness.stats._pairs import FloatArray, checked_pairs, checked_vector
from harness.stats.intervals import Interval, check_options, percentile_interval
from harness.stats.resampling.pair_signs import PairSigns
from harness.stats.resampling.ranks import order_of, ranks_of
from harness.stats.resampling.resampled import drawn_counts


class Within(NamedTuple):
    """Kendall's tau-b inside classes.

    Attributes:
        kendall_tau_b: the coefficient; NaN where no pair inside a class differs in both score and accuracy.
        interval: percentile interval over the architectures; both ends are NaN where every resample is undefined.
        pairs: number of pairs of architectures inside classes.
        classes: number of classes with two architectures or more.
    """

    kendall_tau_b: float
    interval: Interval
    pairs: int
    classes: int


def kendall_within(
    scores: npt.ArrayLike,
    accuracies: npt.ArrayLike,
    classes: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
    advance: Advance = unseen,
) -> Within:
    """Kendall's tau-b over the pairs inside classes, where every pair counts equally in all classes.

    Concordant minus discordant pairs, over the root of the product of the pairs untied in score and in accuracy, each
    summed over the classes. With one class it is tau-b itself. A quantity that is constant inside every class has no
    effect on it.

    Args:
        scores: finite numbers, shape [n], n >= 3.
        accuracies: finite numbers, shape [n].
        classes: a number for each architecture, equal inside a class, shape [n].
        generator: the only source of randomness; it advances by `resamples` draws of n integers.
        resamples: number of resamples of the architectures, >= 1.
        confidence: confidence level of the percentile interval, in (0, 1).
        advance: called with a number of resamples that are ranked; they add up to `resamples`.

    Raises:
        ScoresError: for NaN or infinity (counted), unequal lengths, n < 3, or options out of range.
    """
    check_options("percentile", confidence)
    score, accuracy = checked_pairs(scores, accuracies, least=3)
    labels = checked_vector(classes, "classes")
    if labels.size != score.size:
        raise ScoresError(f"scores and classes must pair up; got {score.size} scores and {labels.size} classes")
    _, label, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(label, kind="stable"), np.cumsum(sizes)[:-1])
    together = [_Class(score[chosen], accuracy[chosen], chosen) for chosen in members if len(chosen) > 1]
    parts = []
    for place, counts in enumerate(drawn_counts(generator, score.size, resamples)):
        parts.append(_tau(together, counts))
        advance(counts.shape[1] if place else 0)  # the first is the sample itself
    values = np.concatenate(parts)
    pairs = int((sizes * (sizes - 1) // 2).sum())
    return Within(float(values[0]), percentile_interval(values[1:], confidence), pairs, len(together))


class _Class:
    """Data of one class that all its resamples share."""

    def __init__(self, scores: FloatArray, accuracies: FloatArray, members: npt.NDArray[np.int64]) -> None:
        self.members = members
        self.signs = PairSigns(scores, accuracies)
        self.orders = order_of(scores), order_of(accuracies)


def _tau(classes: list[_Class], counts: npt.NDArray[np.floating]) -> FloatArray:
    agreeing, first, second = np.zeros((3, counts.shape[1]))
    for one in classes:
        drawn = counts[one.members]
        agreeing += np.einsum("nr,nr->r", drawn, one.signs.times(drawn), dtype=np.float64)
        ranks = [ranks_of(order, drawn).untied for order in one.orders]
        first += ranks[0]
        second += ranks[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = agreeing / np.sqrt(first) / np.sqrt(second)
    return np.where((first > 0) & (second > 0), np.clip(value, -1.0, 1.0), math.nan)
