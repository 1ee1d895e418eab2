"""The best of the first k: curves, a line a proxy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from harness.report.cells import decimals_for, number
from harness.report.webpage.content import Content
from harness.report.webpage.numbers import RANDOM, top_curves
from harness.report.webpage.section import Section

_WIDTH, _HEIGHT = 720.0, 340.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 12.0, 44.0
_CHANCE = 3
_SHOWN_COUNTS = (1, 5, 10, 50, 100, 500, 1000, 5000, 10000)


def top_section(content: Content) -> Section:
    """What the first k of each proxy hold, k from one to all, beside a random choice."""
    curves = top_curves(content)
    low, high = _limits(curves, content.higher_is_better)
    last = float(curves.index[-1])

    def x(count: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * (math.log(count) / math.log(last) if last > 1 else 0.5), 1)

    def y(value: float) -> float:
        return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low), 1)

    every = curves.to_numpy()[np.isfinite(curves.to_numpy())]
    decimals = decimals_for(every)
    ticks = MaxNLocator(nbins=6, steps=[1, 2, 5, 10]).tick_values(low, high)
    ticks = [tick for tick in ticks if low <= tick <= high]
    places = 0 if all(float(tick).is_integer() for tick in ticks) else decimals
    best = every.max() if content.higher_is_better else every.min()
    values: dict[str, Any] = {
        "size": (_WIDTH, _HEIGHT),
        "frame": (_LEFT, _TOP, _WIDTH - _RIGHT, _HEIGHT - _BOTTOM),
        "lines": [{"name": name, "points": _polyline(column, x, y)} for name, column in curves.items()],
        "random": RANDOM,
        "x_ticks": [(x(count), number(count, 0)) for count in _counts(int(last))],
        "y_ticks": [(y(tick), number(tick, places)) for tick in ticks],
        "table": _table(curves, decimals),
        "best": number(best, decimals),
        "content": content,
    }
    data = {
        "counts": [int(count) for count in curves.index],
        "names": list(curves.columns),
        "values": [[None if math.isnan(value) else round(value, 6) for value in row] for row in curves.T.to_numpy()],
        "decimals": decimals,
        "x": [x(count) for count in curves.index],
        "y": [[None if math.isnan(value) else y(value) for value in row] for row in curves.T.to_numpy()],
    }
    return Section("top", "Best of the first k", values, data)


def _limits(curves: pd.DataFrame, higher_is_better: bool) -> tuple[float, float]:
    """From the best of three drawn at random to the best there is, and a little beyond: what is worse is cut off."""
    counts = curves.index.to_numpy()
    chance = float(curves[RANDOM].iloc[int(np.searchsorted(counts, min(_CHANCE, counts[-1])))])
    best = float(curves[RANDOM].iloc[-1])
    margin = 0.05 * abs(best - chance) or 0.05 * abs(best) or 1.0
    return (chance - margin, best + margin) if higher_is_better else (best - margin, chance + margin)


def _polyline(column: pd.Series[float], x: Any, y: Any) -> str:
    return " ".join(f"{x(count)},{y(value)}" for count, value in column.dropna().items())


def _counts(last: int) -> list[int]:
    """The counts that the axis names: fewer where they would touch."""
    there = [count for count in _SHOWN_COUNTS if count <= last]
    return there if len(there) <= 6 else [count for count in there if str(count).startswith("1")]


def _table(curves: pd.DataFrame, decimals: int) -> dict[str, Any]:
    """A few of the numbers, for who cannot see or print the curves."""
    counts = [min(curves.index, key=lambda k: abs(math.log(k / count))) for count in (1, 10, 100, 1000)]
    counts = list(dict.fromkeys(counts))
    rows = [(name, [number(curves.loc[count, name], decimals) for count in counts]) for name in curves.columns]
    return {"counts": [number(count, 0) for count in counts], "rows": rows}
