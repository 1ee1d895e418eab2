"""How well latencies are known: the noise floor of their medians, and the spread between architectures."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_MOST = 1000


def relative_differences(first: FloatArray, second: FloatArray) -> FloatArray:
    """|a − b| / ((a + b) / 2) of positive values, elementwise."""
    return np.asarray(2 * np.abs(first - second) / (first + second))


def noise_floor(first: FloatArray, again: FloatArray) -> float:
    """Median relative difference between the two medians of the same architectures; NaN for none.

    Args:
        first: medians of the first series, [A].
        again: medians of the second series, [A].
    """
    return float(np.median(relative_differences(first, again))) if len(first) else math.nan


def spread(latencies: FloatArray) -> float:
    """Median relative difference between two architectures, over all pairs; NaN for fewer than two.

    Of more than 1,000 architectures, 1,000 at even places of their order stand for all.
    """
    if len(latencies) < 2:
        return math.nan
    places = np.linspace(0, len(latencies) - 1, min(len(latencies), _MOST)).round().astype(np.int64)
    some = np.sort(latencies)[places]
    first, second = np.triu_indices(len(some), 1)
    return float(np.median(relative_differences(some[first], some[second])))
