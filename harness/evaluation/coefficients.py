"""The rows of a ranking: coefficients with intervals, and the values of the highest scores."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import ScoresError, unknown
from harness.evaluation.seeds import MatchedSeeds
from harness.progress import Advance, resampling_bar
from harness.stats.names import COEFFICIENTS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from harness.stats import Coefficients, Intervals

    FloatArray = npt.NDArray[np.float64]

LOG = logging.getLogger(__name__)
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


def ranked_frame(
    scores: pd.DataFrame,
    over_seeds: MatchedSeeds,
    population: np.ndarray[Any, np.dtype[np.float64]],
    sign: float,
    resampling: Resampling,
    progress: bool,
) -> pd.DataFrame:
    """The frame of a ranking: a row for each proxy.

    Args:
        scores: `architecture`, `proxy`, `score` and `accuracy` of all architectures with a value, baselines last.
        over_seeds: the same scores under each seed.
        population: the values of all architectures of the table.
        sign: -1 where lower values are better, else 1.
        resampling: how intervals are made.
        progress: whether to draw a progress bar.
    """
    import pandas as pd

    scored = scores[scores["score"].notna()]
    by_seed = over_seeds.scores
    several = {proxy for proxy, own in by_seed.groupby("proxy")["seed"] if own.nunique() > 1} if len(by_seed) else set()
    groups = {str(proxy): group for proxy, group in scores.groupby("proxy", sort=False)}
    wides = {
        proxy: by_seed[by_seed["proxy"] == proxy]
        .pivot(index="architecture", columns="seed", values="score")
        .loc[groups[proxy].dropna(subset="score")["architecture"]]
        for proxy in groups
        if proxy in several
    }
    rows = []
    with resampling_bar(progress, resampling.resamples * _rows_to_resample(scored, wides)) as advance:
        found = correlations(scored[~scored["proxy"].isin(several)], resampling, advance)
        for proxy, group in groups.items():
            usable = group[group["score"].notna()]
            row = {"proxy": proxy, "seeds": 1, **row_of(usable, len(group), population, sign), **found[proxy]}
            if proxy in wides:
                accuracies = usable["accuracy"].to_numpy()
                row.update(row_over_seeds(wides[proxy], accuracies, population, sign, resampling, advance))
            rows.append(row)
    statistics = STATISTICS_OVER_SEEDS if over_seeds.seeds else STATISTICS
    columns = ["proxy", "n", "failed", *statistics, *HIGHEST]
    return pd.DataFrame(rows).reindex(columns=[*columns, "seeds"] if over_seeds.seeds else columns)


def _rows_to_resample(scored: pd.DataFrame, wides: Mapping[str, pd.DataFrame]) -> int:
    """Number of rows of scores, one for each proxy and seed, of as many architectures as a coefficient needs."""
    counts = scored["proxy"].value_counts()
    enough = [str(name) for name in counts.index[counts >= LEAST]]
    return sum(wides[name].shape[1] if name in wides else 1 for name in enough)


def check_resampling(resamples: object, seed: object) -> None:
    """Raise ScoresError unless `resamples` is a whole number from 1 and `seed` one from 0."""
    for name, value, least in (("resamples", resamples, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ScoresError(f"{name} must be a whole number from {least}, got {value!r}")


def place_of(coefficient: str) -> int:
    """Index of a coefficient among the four; ScoresError for an unknown one."""
    if coefficient not in COEFFICIENTS:
        raise ScoresError(unknown("coefficient", coefficient, COEFFICIENTS))
    return COEFFICIENTS.index(coefficient)


def log_ranked(ranked: pd.DataFrame, column: str, usable: int, given: int, resamples: int, seconds: float) -> None:
    """Tell who debugs how many architectures were ranked, and in how long.

    Args:
        ranked: coefficients by proxy, with the number of architectures `n`.
        column: the column that they were ranked by.
        usable: number of architectures with a value.
        given: number of scored architectures.
        resamples: number of bootstrap resamples.
        seconds: what all of it took.
    """
    LOG.debug("%s of %s scored architectures have a value of %s and are ranked", f"{usable:,}", f"{given:,}", column)
    for proxy, count in zip(ranked["proxy"], ranked["n"], strict=True):
        if count < usable:
            LOG.debug("%s: %s of them have no score and are dropped", proxy, f"{usable - count:,}")
    LOG.debug("%s resamples of %s proxies took %.1f s", f"{resamples:,}", len(ranked), seconds)
