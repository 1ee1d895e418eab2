"""The mean of a few values, such as those of a search's seeds, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_UPPER = 0.975


class MeanInterval(NamedTuple):
    """A mean with both ends of its 95 % interval; NaN ends of a single value, all NaN of none."""

    mean: float
    low: float
    high: float


def student_interval(values: Sequence[float]) -> MeanInterval:
    """Mean and 95 % interval by Student's t, for values of about normal distribution; NaN values are refused."""
    from scipy import stats

    found = np.asarray(values, dtype=np.float64)
    if np.isnan(found).any():
        raise ValueError("a mean of values of which one is NaN")
    count = len(found)
    mean = float(found.mean()) if count else math.nan
    if count < 2:
        return MeanInterval(mean, math.nan, math.nan)
    half = float(stats.t.ppf(_UPPER, count - 1)) * float(found.std(ddof=1)) / math.sqrt(count)
    return MeanInterval(mean, mean - half, mean + half)
