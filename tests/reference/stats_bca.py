"""BCa intervals as Efron & Tibshirani (1993, chapter 14) write them: plain Python, nothing of the package under test.

The acceleration is a sixth of the skewness of the sum of what the units contribute (their equation 14.15, for one
sample). Of two independent samples the third and the second powers add up over both, each unit's contribution being
(n - 1) / n of the distance of the statistic without it from the mean of these, n the size of its own sample.
"""

import math
from statistics import NormalDist, fmean

NORMAL = NormalDist()


def without_each(units, statistic) -> list[float]:
    """The jackknife: the statistic of all units but one, for each in turn."""
    return [statistic([*units[:i], *units[i + 1 :]]) for i in range(len(units))]


def acceleration(*jackknives) -> float:
    """Of one sample or several, each by its jackknife values."""
    third = second = 0.0
    for values in jackknives:
        n, mean = len(values), fmean(values)
        for value in values:
            third += ((n - 1) / n * (mean - value)) ** 3
            second += ((n - 1) / n * (mean - value)) ** 2
    return third / (6 * second**1.5)


def bias_correction(resampled, estimate: float) -> float:
    """z0: the normal quantile of the share below the estimate; a resample that equals it counts half."""
    below = sum(value < estimate for value in resampled) + sum(value == estimate for value in resampled) / 2
    return NORMAL.inv_cdf(below / len(resampled))


def ends(resampled, estimate: float, jackknives, confidence: float) -> tuple[float, float]:
    """The two quantiles of equations 14.9 and 14.10, interpolated between order statistics."""
    z0, a = bias_correction(resampled, estimate), acceleration(*jackknives)
    shares = []
    for tail in ((1 - confidence) / 2, (1 + confidence) / 2):
        z = z0 + NORMAL.inv_cdf(tail)
        shares.append(NORMAL.cdf(z0 + z / (1 - a * z)))
    low, high = (_quantile(sorted(resampled), share) for share in shares)
    return low, high


def _quantile(ordered, share: float) -> float:
    place = share * (len(ordered) - 1)
    first = math.floor(place)
    following = min(first + 1, len(ordered) - 1)
    return ordered[first] + (place - first) * (ordered[following] - ordered[first])
