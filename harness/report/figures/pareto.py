"""Two columns against each other: the front, and what each proxy picks for every budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.errors import HarnessError
from harness.evaluation.trade_off import TradeOff
from harness.report.figures.accuracy_axis import AccuracyRange, accuracy_range, set_accuracy_axis
from harness.report.figures.cost_axis import CostRange, set_cost_axis
from harness.report.figures.lines import LABEL_LINE_INCHES, LegendLayout, balanced, legend_layout, most_lines
from harness.report.figures.page import empty_page
from harness.report.figures.panel import RASTERISED_ABOVE, triangle_text
from harness.report.figures.score_axis import thin_ticks
from harness.report.figures.style import COLOURS, COLUMN_WIDTH_INCHES, PAGE_WIDTH_INCHES, STYLE

MOST_PROXIES = 4
"""Proxies that one figure tells apart."""

FloatArray = npt.NDArray[np.float64]

_CLOUD = "#BBBBBB"
_NARROW_HEIGHT, _WIDE_HEIGHT = 2.9, 3.3  # inches above the small print
_TICKS_INCHES = 0.55  # left of the axes, for the labels of ticks
_LEGEND_INCHES = 0.45  # of them, for the legend


class LineStyle(NamedTuple):
    """How a line of steps is drawn: width, marks and the last mark in points; the layer is its z-order."""

    colour: str
    marker: str
    width: float
    mark: float
    last: float
    layer: float


_FRONT = LineStyle("#222222", "o", 0.9, 2.2, 2.2, 2.0)
_MARKERS = ("o", "s", "D", "o")


def pareto(trade_off: TradeOff) -> Figure:
    """Cost against gain: all architectures, their Pareto front, and each proxy's picks at their true values.

    The lines are steps: at every budget of x, the height of a line is what is best, or what a proxy would choose. Few
    values far off do not stretch the y-axis: they are triangles at its edge, as are picks among them; nor do they
    stretch the x-axis, which spans the others: picks outside of it are triangles at its edge, which the small print
    counts by proxy. The x-axis is logarithmic only where x is a cost, of which less is better, and no percentage.

    Args:
        trade_off: two columns against each other and the picks of proxies, from
            `harness.evaluation.trade_off.trade_off`.

    Returns:
        A figure 3.3 inches wide for one proxy and 6.9 for more, its layout settled; pyplot does not know of it.

    Raises:
        HarnessError: more than `MOST_PROXIES` proxies.
    """
    x, y, points, picks = trade_off.x, trade_off.y, trade_off.points, trade_off.picks
    proxies = picks["proxy"].unique().tolist()
    if len(proxies) > MOST_PROXIES:
        raise HarnessError(
            f"one figure tells at most {MOST_PROXIES} proxies apart, got {len(proxies)}: {', '.join(proxies)}"
        )
    shown = accuracy_range(points["y"].to_numpy(), y.higher_is_better)
    is_narrow = len(proxies) == 1
    width = COLUMN_WIDTH_INCHES if is_narrow else PAGE_WIDTH_INCHES
    body = points["x"][~shown.is_beyond(points["y"].to_numpy())].to_numpy()
    is_off = (points["x"] < body.min()) | (points["x"] > body.max())
    front = points[points["on_front"]].sort_values("x", ascending=not x.higher_is_better)
    lines = [("Pareto front", front, _FRONT)]
    lines += [
        (name, picks[picks["proxy"] == name], style) for name, style in zip(proxies, _styles(len(proxies)), strict=True)
    ]
    better = f"Better: {'right' if x.higher_is_better else 'left'} and {'up' if y.higher_is_better else 'down'}."
    beside = _beside({name: rows["x"].to_numpy() for name, rows, _ in lines}, body.min(), body.max())
    source = "; ".join(dict.fromkeys(quantity.table.facts.title for quantity in (y, x))) + "."
    sentences = [better, *_sentences(shown, points, int(is_off.sum())), *beside, source]
    with matplotlib.rc_context(dict(STYLE)):
        entries = [_cloud_label(len(points)), *(name for name, _, _ in lines)]
        layout = legend_layout(entries, width, 2 if len(entries) <= 4 else 3)
        height = _NARROW_HEIGHT if is_narrow else _WIDE_HEIGHT
        y_label = balanced(y.label, 0.55 * height)
        beside_axes = _TICKS_INCHES + most_lines([y_label]) * LABEL_LINE_INCHES
        x_label = balanced(x.label, min(0.75 * width, width - beside_axes))
        extra = max(0, x_label.count("\n") - 1) * LABEL_LINE_INCHES + max(0.0, layout.inches - _LEGEND_INCHES)
        figure = empty_page(width, height + extra, " ".join(sentences))
        axes = figure.subplots()
        spanned = set_cost_axis(axes, body, may_be_log=not (x.higher_is_better or x.is_percentage))
        set_accuracy_axis(axes, shown)
        _draw_cloud(axes, points[~is_off], shown)
        handles = [_cloud_handle(len(points))]
        loosest = axes.get_xlim()[0 if x.higher_is_better else 1]
        handles += [_draw_steps(axes, rows, (spanned, shown), loosest, name, style) for name, rows, style in lines]
        axes.set_xlabel(x_label, parse_math=False)
        axes.set_ylabel(y_label, parse_math=False)
        _settle(figure, handles, layout)
    return figure


def _styles(count: int) -> list[LineStyle]:
    """How so many proxies are drawn: each on the one before and narrower, so that all lines that coincide are seen."""
    styles = []
    for place, (colour, marker) in enumerate(zip(COLOURS[:count], _MARKERS[:count], strict=True)):
        width = 0.1 + 0.7 * (max(count, 2) - place)
        mark = 2.6 + 1.1 * width
        styles.append(LineStyle(colour, marker, width, mark, 1.8 * mark, 3.0 + place))
    return styles


def _settle(figure: Figure, handles: list[Line2D], layout: LegendLayout) -> None:
    """A legend above the axes, and a layout that moves no more."""
    legend = figure.legend(
        handles, layout.labels, loc="outside upper left", ncols=layout.columns, frameon=False, columnspacing=1.2
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    figure.draw_without_rendering()
    for axes in figure.axes:
        thin_ticks(axes)
    figure.set_layout_engine("none")


def _sentences(shown: AccuracyRange, points: pd.DataFrame, off: int) -> list[str]:
    """What the lines and the triangles are, and how many architectures are not drawn."""
    scored = int(points["scored"].sum())
    among = f"the {scored:,} that were scored" if scored < len(points) else "all"
    sentences = [
        "Front: no other architecture is better in one and as good in the other.",
        f"A proxy’s line: its highest score within each budget, among {among}; the large mark is its highest of all.",
    ]
    if shown.fence is not None:
        where = "below" if shown.higher_is_better else "above"
        count = int(shown.is_beyond(points["y"].to_numpy()).sum())
        beside = f", but for those beside the axis ({off:,})" if off else ""
        sentences.append(f"{triangle_text(shown)}: {where} {shown.fence:g} ({count:,}), drawn at the edge{beside}.")
    return sentences


def _beside(lines: Mapping[str, FloatArray], low: float, high: float) -> list[str]:
    """Which lines have marks left and right of the axis, how many, and at which x they truly lie."""
    sentences = []
    for triangle, side in (("◂", "left"), ("▸", "right")):
        found = {name: x[x < low] if side == "left" else x[x > high] for name, x in lines.items()}
        counts = [
            f"{name} {len(x):,} (at {' to '.join(dict.fromkeys(f'{end:.3g}' for end in (x.min(), x.max())))})"
            for name, x in found.items()
            if len(x)
        ]
        if counts:
            sentences.append(f"{triangle}: marks that lie {side} of the axis, drawn at its edge: {', '.join(counts)}.")
    return sentences


def _draw_cloud(axes: Axes, points: pd.DataFrame, shown: AccuracyRange) -> None:
    """All architectures, quiet; those beyond the fence as triangles at the edge."""
    x, y = points[["x", "y"]].to_numpy().T
    is_beyond = shown.is_beyond(y)
    heights = shown.clamped(y)
    area = float(np.clip(120 / np.sqrt(len(points)), 1.2, 10.0))
    for chosen, marker, size in ((~is_beyond, "o", area), (is_beyond, shown.triangle, max(area, 3.0))):
        axes.scatter(
            x[chosen],
            heights[chosen],
            s=size,
            c=_CLOUD,
            marker=marker,
            alpha=0.5 if len(points) > RASTERISED_ABOVE else 0.9,
            linewidths=0,
            rasterized=len(points) > RASTERISED_ABOVE,
            zorder=1.5,
        )


def _cloud_label(count: int) -> str:
    return f"all {count:,} architectures"


def _cloud_handle(count: int) -> Line2D:
    return Line2D([], [], linestyle="none", marker="o", markersize=3, color=_CLOUD, label=_cloud_label(count))


def _draw_steps(
    axes: Axes,
    group: pd.DataFrame,
    ranges: tuple[CostRange, AccuracyRange],
    loosest: float,
    label: str,
    style: LineStyle,
) -> Line2D:
    """Steps through points and on to the loosest budget, with a mark at each point; returns the legend's entry."""
    spanned, shown = ranges
    x, y = group[["x", "y"]].to_numpy().T
    is_left, is_right, is_beyond = x < spanned.low, x > spanned.high, shown.is_beyond(y)
    places, heights = spanned.clamped(x), shown.clamped(y)
    axes.plot(
        np.append(places, loosest),
        np.append(heights, heights[-1]),
        drawstyle="steps-post",
        color=style.colour,
        linewidth=style.width,
        zorder=style.layer,
    )
    sizes = np.full(len(x), style.mark)
    sizes[-1] = style.last
    markers = np.select([is_left, is_right, is_beyond], ["<", ">", shown.triangle], style.marker)
    for marker in (style.marker, shown.triangle, "<", ">"):
        chosen = markers == marker
        axes.scatter(
            places[chosen],
            heights[chosen],
            s=sizes[chosen] ** 2,
            marker=marker,
            color=style.colour,
            edgecolors="white",
            linewidths=0.4,
            zorder=style.layer + 0.5,
        )
    return Line2D(
        [], [], color=style.colour, linewidth=style.width, marker=style.marker, markersize=style.mark, label=label
    )
