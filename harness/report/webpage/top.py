"""The best of the first k: curves, a line a proxy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from harness.report.cells import decimals_for, number
from harness.report.webpage.content import Content, Section
from harness.report.webpage.numbers import random_curve, top_curves

_WIDTH, _HEIGHT = 720.0, 340.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 12.0, 44.0
_CHANCE = 3
_RANDOM = "random choice"
_SHOWN_COUNTS = (1, 5, 10, 50, 100, 500, 1000, 5000, 10000)


def top_section(content: Content) -> Section:
    """What the first k of each proxy hold, k from one to all, next to a random choice."""
    proxies, chance = top_curves(content), random_curve(content)
    curves = [*((str(name), column) for name, column in proxies.items()), (_RANDOM, chance)]
    low, high = _limits(chance, content.ranking.higher_is_better)
    last = float(chance.index[-1])

    def x(count: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * (math.log(count) / math.log(last) if last > 1 else 0.5), 1)

    def y(value: float) -> float:
        return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low), 1)

    decimals = decimals_for(content.architectures["accuracy"])
    ticks = MaxNLocator(nbins=6, steps=[1, 2, 5, 10]).tick_values(low, high)
    ticks = [tick for tick in ticks if low <= tick <= high]
    places = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9)) if len(ticks) > 1 else decimals
    values: dict[str, Any] = {
        "size": (_WIDTH, _HEIGHT),
        "frame": (_LEFT, _TOP, _WIDTH - _RIGHT, _HEIGHT - _BOTTOM),
        "lines": [{"name": name, "points": _polyline(column, x, y)} for name, column in curves],
        "x_ticks": [(x(count), number(count, 0)) for count in _counts(int(last))],
        "y_ticks": [(y(tick), number(tick, places)) for tick in ticks],
        "table": _table(curves, decimals),
        "best": number(chance.iloc[-1], decimals),
        "label": content.ranking.label,
    }
    data = {
        "counts": [int(count) for count in chance.index],
        "names": [name for name, _ in curves],
        "values": [[None if math.isnan(value) else float(f"{value:.9g}") for value in column] for _, column in curves],
        "decimals": decimals,
        "x": [x(count) for count in chance.index],
        "y": [[None if math.isnan(value) else y(value) for value in column] for _, column in curves],
    }
    return Section("top", "Best of the first k", values, data)


def _limits(curve: pd.Series[float], higher_is_better: bool) -> tuple[float, float]:
    """From the best of three drawn at random to the best there is, and a little beyond: what is worse is cut off."""
    counts = curve.index.to_numpy()
    chance = float(curve.iloc[int(np.searchsorted(counts, min(_CHANCE, counts[-1])))])
    best = float(curve.iloc[-1])
    margin = 0.05 * abs(best - chance) or 0.05 * abs(best) or 1.0
    return (chance - margin, best + margin) if higher_is_better else (best - margin, chance + margin)


def _polyline(column: pd.Series[float], x: Any, y: Any) -> str:
    return " ".join(f"{x(count)},{y(value)}" for count, value in column.dropna().items())


def _counts(last: int) -> list[int]:
    """The counts that the axis names: fewer where they would touch."""
    there = [count for count in _SHOWN_COUNTS if count <= last]
    return there if len(there) <= 6 else [count for count in there if str(count).startswith("1")]


def _table(curves: Sequence[tuple[str, pd.Series[float]]], decimals: int) -> dict[str, Any]:
    """A few of the numbers, for who cannot see or print the curves."""
    counts = [min(curves[0][1].index, key=lambda k: abs(math.log(k / count))) for count in (1, 10, 100, 1000)]
    counts = list(dict.fromkeys(counts))
    rows = [(name, [number(column[count], decimals) for count in counts]) for name, column in curves]
    return {"counts": [number(count, 0) for count in counts], "rows": rows}
