"""The noise ceiling: how well one training of the space ranks another, and coefficients corrected for that noise."""

from __future__ import annotations

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError
from harness.stats.rank_correlation import coefficients
from harness.stats.real_numbers import FloatArray, real_numbers


class Agreement(NamedTuple):
    """Agreement of trainings: for each coefficient, the mean over pairs of trainings; NaN where a training is constant.

    Attributes:
        spearman: mean of Spearman's coefficient.
        kendall_tau_b: mean of Kendall's tau-b.
        weighted_tau: mean of the weighted tau.
        pearson: mean of Pearson's coefficient.
        pairs: number of pairs of trainings.
        n: smallest number of architectures that a pair has in common.
    """

    spearman: float
    kendall_tau_b: float
    weighted_tau: float
    pearson: float
    pairs: int
    n: int


def training_agreement(trainings: npt.ArrayLike) -> Agreement:
    """Coefficients between the trainings of one space, such as the seeds of a table.

    It is the rank correlation of a training when it is used as a score. A score equal to every architecture's expected
    accuracy would reach the square root of it for Pearson's coefficient, and no score can reach more. To compute it
    among the best architectures alone, choose these by a training that is not compared. Chosen by the mean of the two,
    a high rank in one goes with a low rank in the other, and the coefficient is too low (near 0 in the top 1 % of
    NAS-Bench-201).

    Args:
        trainings: accuracies, shape [trainings, n], two trainings or more; NaN where an architecture was not trained.
            Each pair is compared on the architectures that both have; pairs with fewer than three are left out.

    Raises:
        ScoresError: for a wrong shape, infinity, or no two trainings with three architectures in common.
    """
    table = real_numbers(trainings, "trainings")
    if table.ndim != 2 or len(table) < 2:
        raise ScoresError(f"trainings must have the shape [2 or more, architectures]; got {list(table.shape)}")
    found, sizes = [], []
    for first, second in combinations(table, 2):
        both = ~(np.isnan(first) | np.isnan(second))
        if both.sum() >= 3:
            found.append(coefficients(first[both], second[both])[:-1])
            sizes.append(int(both.sum()))
    if not found:
        raise ScoresError("no two of the trainings have three architectures in common: there is nothing to compare")
    spearman, kendall, weighted, pearson = np.mean(found, axis=0).tolist()
    return Agreement(spearman, kendall, weighted, pearson, len(found), min(sizes))


def spearman_brown(reliability: float, length: float) -> float:
    """Reliability of the mean of `length` trainings, from the reliability of one (Spearman 1910, Brown 1910).

    >>> round(spearman_brown(0.9, 3), 4)
    0.9643
    """
    if not length > 0:
        raise ScoresError(f"length must be positive; got {length}")
    return length * reliability / (1 + (length - 1) * reliability)


def attenuation_corrected(observed: npt.ArrayLike, *reliabilities: float) -> FloatArray:
    """Coefficients corrected for attenuation: an estimate of their values without noise (Spearman 1904).

    The observed coefficient divided by the root of the product of the reliabilities, which are the correlations of each
    of the two measurements with a repetition of itself. It is exact for Pearson's coefficient with independent noise,
    customary for Spearman's, and has no meaning for Kendall's. It may exceed 1 by chance, and is not cut off at 1.

    Args:
        observed: coefficients, of any shape; NaN stays NaN.
        reliabilities: reliability of the accuracies, of the scores, or of both, each in (0, 1].

    Raises:
        ScoresError: for a reliability outside (0, 1], for which no correction exists.

    >>> attenuation_corrected(0.6, 0.81).round(4).tolist()
    0.6667
    """
    for reliability in reliabilities:
        if not 0 < reliability <= 1:
            raise ScoresError(f"a reliability must lie in (0, 1]; got {reliability}")
    return real_numbers(observed, "coefficients") / math.sqrt(math.prod(reliabilities))
