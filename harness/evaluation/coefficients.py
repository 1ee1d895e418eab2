"""The numbers in a row of a ranking: coefficients with intervals, and the values of the highest scores."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.progress import Advance
from harness.stats.names import COEFFICIENTS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from harness.stats import Coefficients, Intervals

    FloatArray = npt.NDArray[np.float64]

TOP = 10
STATISTICS = tuple(name + end for name in COEFFICIENTS for end in ("", "_low", "_high"))
STATISTICS_OVER_SEEDS = tuple(name + end for name in COEFFICIENTS for end in ("", "_std", "_low", "_high"))
HIGHEST = ("best_accuracy", "best_percentile", "top10_best")
LEAST = 3
"""Fewest architectures that a coefficient is computed on."""


class Resampling(NamedTuple):
    """How intervals are made.

    Attributes:
        resamples: number of bootstrap resamples.
        confidence: confidence level of the intervals, 0 to 1.
        seed: seed of the resampling.
        method: kind of interval, `percentile` or `bca`.
    """

    resamples: int
    confidence: float
    seed: int
    method: str

    @property
    def options(self) -> dict[str, Any]:
        """Keywords for the functions of `harness.stats`, with a generator of its own for each call."""
        import numpy as np

        return {
            "generator": np.random.default_rng(self.seed),
            "resamples": self.resamples,
            "confidence": self.confidence,
            "method": self.method,
        }


def row_of(group: pd.DataFrame, requested: int, population: FloatArray, sign: float) -> dict[str, float]:
    """Values of the architectures with the highest scores of one proxy, next to how many there are.

    Args:
        group: `score` and `accuracy` of each architecture with a score.
        requested: number of architectures that a score was asked for.
        population: the values of all architectures of the table.
        sign: -1 where lower values are better, else 1.
    """
    count = len(group)
    row: dict[str, float] = {"n": count, "failed": 1 - count / requested}
    row.update(dict.fromkeys([*STATISTICS, *HIGHEST], math.nan))
    if count:
        row.update(_highest(group["score"].to_numpy(), group["accuracy"].to_numpy(), population, sign))
    return row


def _highest(scores: FloatArray, accuracies: FloatArray, population: FloatArray, sign: float) -> dict[str, float]:
    from harness.stats import best_by_score, percentile_of

    best = sign * best_by_score(scores, sign * accuracies, 1)
    percentile = percentile_of(sign * best, sign * population)
    top = sign * best_by_score(scores, sign * accuracies, min(TOP, len(scores)))
    return dict(zip(HIGHEST, (best, percentile, top), strict=True))


def correlations(scored: pd.DataFrame, resampling: Resampling, advance: Advance) -> dict[str, dict[str, float]]:
    """Coefficients and intervals of each proxy with three scores or more; proxies on the same architectures at once."""
    from harness.stats import coefficients, interval_rows

    found: dict[str, dict[str, float]] = defaultdict(dict)
    together: dict[tuple[str, ...], list[tuple[str, pd.DataFrame]]] = defaultdict(list)
    for proxy, group in scored.groupby("proxy", sort=False):
        together[tuple(group["architecture"])].append((str(proxy), group))
    for architectures, members in together.items():
        if len(architectures) < LEAST:
            continue
        accuracies = members[0][1]["accuracy"].to_numpy()
        rows = [group["score"].to_numpy() for _, group in members]
        intervals = interval_rows(rows, accuracies, **resampling.options, advance=advance)
        for (proxy, _), scores, ends in zip(members, rows, intervals, strict=True):
            found[proxy] = _named(coefficients(scores, accuracies), ends)
    return found


def _named(values: Coefficients, intervals: Intervals) -> dict[str, float]:
    named: dict[str, float] = {}
    for name in COEFFICIENTS:
        named[name] = getattr(values, name)
        named[f"{name}_low"], named[f"{name}_high"] = getattr(intervals, name)
    return named


def row_over_seeds(
    wide: pd.DataFrame,
    accuracies: FloatArray,
    population: FloatArray,
    sign: float,
    resampling: Resampling,
    advance: Advance,
) -> dict[str, float]:
    """Coefficients and values of the highest scores of one proxy, as means over seeds.

    Args:
        wide: scores of the same architectures, a row for each, and a column for each of two or more seeds.
        accuracies: value of each architecture, [n].
        population: the values of all architectures of the table.
        sign: -1 where lower values are better, else 1.
        resampling: how intervals are made.
        advance: called with a number of resamples that are ranked; for each seed they add up to all.

    Returns:
        `seeds`, their number; the mean of each coefficient over the seeds, its standard deviation over them (with one
        degree of freedom less) under the name with `_std`, and its interval over architectures and seeds; the means of
        the values of the highest scores. NaN for fewer than three architectures, or where one seed's scores are
        constant.
    """
    import numpy as np

    from harness.stats import coefficients, seed_intervals

    rows = wide.to_numpy(dtype=float).T
    row: dict[str, float] = {"seeds": len(rows), **dict.fromkeys([*STATISTICS_OVER_SEEDS, *HIGHEST], math.nan)}
    if not len(wide):
        return row
    highest = [_highest(scores, accuracies, population, sign) for scores in rows]
    row.update({name: float(np.mean([one[name] for one in highest])) for name in HIGHEST})
    if len(wide) < LEAST:
        return row
    each = np.array([coefficients(scores, accuracies)[: len(COEFFICIENTS)] for scores in rows])
    intervals = seed_intervals(rows, accuracies, over="both", **resampling.options, advance=advance)
    means, deviations = each.mean(axis=0), each.std(axis=0, ddof=1)
    for name, mean, deviation in zip(COEFFICIENTS, means.tolist(), deviations.tolist(), strict=True):
        row[name], row[f"{name}_std"] = mean, deviation
        row[f"{name}_low"], row[f"{name}_high"] = getattr(intervals, name)
    return row
