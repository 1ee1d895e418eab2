"""What a random sample of architectures is worth: the value of the highest-scored of N, as an exact expectation."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError
from harness.stats._pairs import checked_pairs


class MeanAndDeviation(NamedTuple):
    """Expectation of a random value, and its standard deviation."""

    mean: float
    deviation: float


def best_of_random(scores: npt.ArrayLike, values: npt.ArrayLike, samples: int) -> MeanAndDeviation:
    """Value of the highest-scored of `samples` architectures drawn uniformly with replacement, ties broken at random.

    The highest score of the sample is s with probability F(s)^N - F(s-)^N, F the share of architectures that score at
    most s and F(s-) of those that score less; each of those that score s is then as likely as any other.

    Args:
        scores: finite numbers, shape [n], n >= 1; higher is better.
        values: of the same architectures, shape [n], any unit; the scores themselves for the best possible choice.
        samples: how many are drawn, N >= 1; 1 for a random architecture.

    Raises:
        ScoresError: NaN or infinity (counted), unequal lengths, or `samples` below 1.

    Differs from Mellor et al. 2021, who estimate the same by 500 draws.

    >>> best_of_random([1.0, 2.0], [70.0, 90.0], samples=2)
    MeanAndDeviation(mean=85.0, deviation=8.660254037844387)
    """
    score_vector, value_vector = checked_pairs(scores, values, least=1)
    if samples < 1:
        raise ScoresError(f"samples must be at least 1; got {samples}")
    _, group, sizes = np.unique(score_vector, return_inverse=True, return_counts=True)
    at_most = np.cumsum(sizes) / len(score_vector)
    led = np.diff(at_most**samples, prepend=0.0)
    probabilities = (led / sizes)[group]
    mean = float(probabilities @ value_vector)
    return MeanAndDeviation(mean, math.sqrt(float(probabilities @ (value_vector - mean) ** 2)))
