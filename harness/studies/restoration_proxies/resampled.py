"""What coefficients of many proxies say together, with intervals by resampled networks.

Legend: n networks, P proxies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from harness.setting import derived_seed
from harness.stats.intervals import percentile_interval
from harness.studies.restoration_proxies.scored import ranked_proxies
from harness.studies.samples import LEAST

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from harness.evaluation import Table

    FloatArray = NDArray[np.float64]

_CONFIDENCE = 0.95


class Resampled(NamedTuple):
    """A number with its 95 % interval, and of how many it is; all NaN where there are too few.

    Attributes:
        value: the number.
        low: lower end.
        high: upper end.
        number: number of proxies, or of networks.
        best: the proxy that it is compared with; empty for none.
    """

    value: float
    low: float
    high: float
    number: int
    best: str = ""


def between_spaces(
    scores: Mapping[str, pd.DataFrame],
    tables: Mapping[str, Table],
    columns: Mapping[str, str],
    left_out: Sequence[str],
    *,
    resamples: int,
) -> Resampled:
    """Spearman's coefficient, over proxies, of their coefficients in both spaces; networks of both are resampled.

    Args:
        scores: scores by the name of the table.
        tables: both tables.
        columns: the column that each table is ranked by.
        left_out: proxies that are not compared, the sizes.
        resamples: bootstrap resamples of the networks.
    """
    found = {name: _complete(frame, list(tables[name].keys), left_out) for name, frame in scores.items()}
    shared = [name for name in next(iter(found.values())) if all(name in each for each in found.values())]
    if len(shared) < LEAST or len(found) != len(("one", "other")):
        return Resampled(math.nan, math.nan, math.nan, len(shared))
    rows = {name: np.stack([each[proxy] for proxy in shared]) for name, each in found.items()}
    values = {name: np.asarray(tables[name].values(tables[name].keys, columns[name])) for name in rows}
    generator = np.random.default_rng(derived_seed(0, "restoration-proxies", "between spaces"))

    def agreed(picks: Mapping[str, NDArray[np.int64]]) -> float:
        one, other = (_spearman(rows[name][:, picks[name]], values[name][picks[name]]) for name in rows)
        return float(_spearman(one[None], other)[0])

    whole = {name: np.arange(len(values[name])) for name in rows}
    drawn = [
        agreed({name: generator.integers(len(values[name]), size=len(values[name])) for name in rows})
        for _ in range(resamples)
    ]
    return Resampled(agreed(whole), *percentile_interval(np.asarray(drawn), _CONFIDENCE), len(shared))


def above_every_proxy(
    scores: pd.DataFrame, table: Table, column: str, left_out: Sequence[str], *, resamples: int
) -> Resampled:
    """How far another training's coefficient lies above the best proxy's, on networks that were trained twice.

    Both rank the PSNR of the first training alone. The best proxy is chosen anew in every resample, so that a high
    coefficient by chance is paid for.

    Args:
        scores: scores of the table's networks.
        table: the table.
        column: the column, of which the table has each training's own.
        left_out: proxies that are not compared, the sizes.
        resamples: bootstrap resamples of the networks.
    """
    seeds = [name for name in table.column_names if name.startswith(f"{column}_seed")]
    if len(seeds) < len(("first", "second")):
        return Resampled(math.nan, math.nan, math.nan, 0)
    keys = list(table.keys)
    first, second = (np.asarray(table.values(keys, name)) for name in seeds[:2])
    twice = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    found = _complete(scores, [keys[place] for place in twice], left_out)
    if len(twice) < LEAST or not found:
        return Resampled(math.nan, math.nan, math.nan, len(twice))
    rows = np.stack([second[twice], *found.values()])
    generator = np.random.default_rng(derived_seed(0, "restoration-proxies", "another training"))

    def ahead(picks: NDArray[np.int64]) -> tuple[float, int]:
        again, *others = _spearman(rows[:, picks], first[twice][picks])
        place = int(np.nanargmax(others)) if np.isfinite(others).any() else -1
        return (float(again - others[place]), place) if place >= 0 else (math.nan, place)

    value, place = ahead(np.arange(len(twice)))
    drawn = [ahead(generator.integers(len(twice), size=len(twice)))[0] for _ in range(resamples)]
    best = list(found)[place] if place >= 0 else ""
    return Resampled(value, *percentile_interval(np.asarray(drawn), _CONFIDENCE), len(twice), best)


def _complete(scores: pd.DataFrame, keys: Sequence[str], left_out: Sequence[str]) -> dict[str, FloatArray]:
    """By ranked proxy its scores [n] of these networks, where it has all of them."""
    wanted = [name for name in ranked_proxies(scores) if name not in left_out]
    wide = scores[scores["proxy"].isin(wanted)].pivot(index="architecture", columns="proxy", values="score")
    wide = wide.reindex(index=list(keys), columns=wanted).dropna(axis=1)
    return {str(name): wide[name].to_numpy(dtype=np.float64) for name in wide}


def _spearman(rows: FloatArray, values: FloatArray) -> FloatArray:
    """Spearman's coefficient of each row [P, n] with the values [n]; NaN for a constant row."""
    from scipy import stats

    ranks: FloatArray = np.asarray(stats.rankdata(np.vstack([rows, values]), axis=1), dtype=np.float64)
    ranks -= ranks.mean(axis=1, keepdims=True)
    lengths = np.sqrt((ranks**2).sum(axis=1))
    ranks /= np.where(lengths > 0, lengths, np.nan)[:, None]
    found: FloatArray = ranks[:-1] @ ranks[-1]
    return found
