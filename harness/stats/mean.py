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


def student_interval(values: Sequence[float], *, intervals: int = 1) -> MeanInterval:
    """Mean and 95 % interval by Student's t, for values of about normal distribution; NaN values are refused.

    Args:
        values: the values.
        intervals: number of intervals that are to hold together, by Bonferroni's inequality.
    """
    from scipy import stats

    found = np.asarray(values, dtype=np.float64)
    if np.isnan(found).any():
        raise ValueError("a mean of values of which one is NaN")
    count = len(found)
    mean = float(found.mean()) if count else math.nan
    if count < 2:
        return MeanInterval(mean, math.nan, math.nan)
    upper = 1 - (1 - _UPPER) / intervals
    half = float(stats.t.ppf(upper, count - 1)) * float(found.std(ddof=1)) / math.sqrt(count)
    return MeanInterval(mean, mean - half, mean + half)


def welch_interval(first: Sequence[float], second: Sequence[float]) -> MeanInterval:
    """Difference of two means and its 95 % interval by Welch's t, for values of about normal distribution.

    The difference alone, with NaN ends, where there are fewer than two values of a kind; its own ends where all values
    of each kind are equal. NaN values are refused.
    """
    from scipy import stats

    means: list[float] = []
    parts: list[float] = []
    counts: list[int] = []
    for values in (first, second):
        found = np.asarray(values, dtype=np.float64)
        if np.isnan(found).any():
            raise ValueError("a mean of values of which one is NaN")
        means.append(float(found.mean()) if len(found) else math.nan)
        parts.append(float(found.var(ddof=1)) / len(found) if len(found) > 1 else math.nan)
        counts.append(len(found))
    change, error = means[0] - means[1], math.sqrt(sum(parts))
    if not error or math.isnan(error):
        return MeanInterval(change, change + error, change + error)
    freedom = sum(parts) ** 2 / sum(part**2 / (count - 1) for part, count in zip(parts, counts, strict=True) if part)
    half = float(stats.t.ppf(_UPPER, freedom)) * error
    return MeanInterval(change, change - half, change + half)
