"""Proxies in the order of a coefficient, with a bar next to those that are not told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.evaluation.comparison import Comparison
from harness.report.figures.lines import LABEL_LINE_INCHES, LegendLayout, balanced, legend_layout, most_lines, wrapped
from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, COLUMN_WIDTH_INCHES, STYLE
from harness.report.tables.evidence import left_out_of_comparison
from harness.report.tables.ranking import NAMES
from harness.stats.names import BASELINES

_ROW_INCHES = 0.155
_FRAME_INCHES = 0.25
_NAME_INCHES = 1.2
_LANE_INCHES = 0.07
_PLOT_INCHES = 1.9
_NEUTRAL = "#555555"
_SYMBOLS = NAMES | {"spearman": "Spearman's ρ"}
_VERDICTS: Mapping[str, str] = {
    "better": "better than {against}",
    "not distinguishable": "not distinguishable from {against}",
    "worse": "worse than {against}",
}
_COLOURS: Mapping[str, str] = {
    "better": COLOURS[2],
    "not distinguishable": _NEUTRAL,
    "worse": COLOURS[1],
    "": "black",
}


def critical_difference(comparison: Comparison, *, brief: bool = False) -> Figure:
    """A critical-difference diagram, turned upright so that it holds forty proxies.

    A dot and an interval a proxy, the best on top, its colour the verdict against one of them; on the right a bar for
    each group of proxies of which no two are told apart (Demšar 2006, with pairwise tests).

    Args:
        comparison: the proxies compared with each other, from `harness.evaluation.comparison.compare`.
        brief: whether the axis names the coefficient alone, and the small print no more than the numbers of
            architectures and pairs, for a figure whose text says what was ranked by, how, and what is left out.

    Returns:
        A figure as wide as a column of a page, or a little wider for many groups; pyplot does not know of it.
    """
    frame, against = comparison.frame, comparison.against
    names = frame["proxy"].tolist()
    lanes = _lanes([sorted(names.index(name) for name in group) for group in comparison.groups])
    count = max((lane for lane, _, _ in lanes), default=-1) + 1
    width = max(COLUMN_WIDTH_INCHES, _PLOT_INCHES + 1.1 + count * _LANE_INCHES)
    name = comparison.coefficient
    label = balanced(_SYMBOLS[name] if brief else f"{NAMES[name]} with {comparison.ranking.label}", _PLOT_INCHES)
    labels = [wrapped(name, _NAME_INCHES, weight=_weight(name, against)) for name in names]
    verdicts = [verdict for verdict in _VERDICTS if (frame["verdict"] == verdict).any()]
    legend = legend_layout([_VERDICTS[verdict].format(against=against) for verdict in verdicts], width, 1)
    row_inches = _ROW_INCHES + LABEL_LINE_INCHES * (most_lines(labels) - 1)
    height = _FRAME_INCHES + legend.inches + LABEL_LINE_INCHES * most_lines([label]) + row_inches * len(names)
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(width, height, _numbers(comparison) if brief else _small_print(comparison))
        share = max(count, 1) * _LANE_INCHES / _PLOT_INCHES
        axes, bars = figure.subplots(1, 2, sharey=True, width_ratios=[1, share], gridspec_kw={"wspace": 0.0})
        _draw_proxies(axes, frame, comparison.coefficient)
        axes.set_xlabel(label, parse_math=False)
        axes.set_yticks(range(len(names)), labels, parse_math=False)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.grid(visible=True, axis="x")
        axes.tick_params(axis="y", length=0)
        for tick, name in zip(axes.get_yticklabels(), names, strict=True):
            tick.set_fontweight(_weight(name, against))
        _draw_bars(bars, lanes, count)
        _add_legend(figure, verdicts, legend)
        figure.draw_without_rendering()
    return figure


def _weight(name: str, against: str) -> str:
    return "bold" if name in BASELINES or name == against else "normal"


def _numbers(comparison: Comparison) -> str:
    return f"{comparison.n:,} architectures, {len(comparison.pairs):,} pairs, Holm"


def _small_print(comparison: Comparison) -> str:
    ranking = comparison.ranking
    turned = [] if ranking.higher_is_better else ["Lower values are better: coefficients are turned round."]
    tested = (
        f"{comparison.n:,} architectures that all have scores{f', {ranking.title}' if ranking.title else ''}. "
        "95 % bootstrap intervals. A bar joins proxies of which no two are told apart: paired "
        f"bootstrap, corrected for all {len(comparison.pairs):,} pairs (Holm), at 5 %."
    )
    return " ".join([tested, *turned, *left_out_of_comparison(comparison)])


def _draw_proxies(axes: Axes, frame: pd.DataFrame, coefficient: str) -> None:
    for place, row in enumerate(frame.to_dict("records")):
        colour = _COLOURS[str(row["verdict"])]
        axes.plot([row[f"{coefficient}_low"], row[f"{coefficient}_high"]], [place, place], color=colour, linewidth=0.8)
        axes.plot([row[coefficient]], [place], marker="o", markersize=3.2, color=colour, linestyle="none")


def _draw_bars(axes: Axes, lanes: Sequence[tuple[int, int, int]], count: int) -> None:
    for lane, first, last in lanes:
        axes.plot(
            [lane, lane], [first - 0.25, last + 0.25], color="black", linewidth=2.0, solid_capstyle="butt", label="bar"
        )
    axes.set_xlim(-0.8, max(count, 1) - 0.2)
    axes.set_axis_off()


def _add_legend(figure: Figure, verdicts: Sequence[str], layout: LegendLayout) -> None:
    handles = [
        Line2D([], [], color=_COLOURS[verdict], marker="o", markersize=3.2, linewidth=0.8) for verdict in verdicts
    ]
    if verdicts:
        legend = figure.legend(
            handles, layout.labels, loc="outside upper left", frameon=False, borderpad=0.1, labelspacing=0.2
        )
        for text in legend.get_texts():
            text.set_parse_math(False)


def _lanes(groups: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """Lane, first and last row of each group's bar, in as few lanes as keep bars apart."""
    ends: list[int] = []
    placed = []
    for rows in groups:
        lane = next((lane for lane, end in enumerate(ends) if end < rows[0]), len(ends))
        ends[lane : lane + 1] = [rows[-1]]
        placed.append((lane, rows[0], rows[-1]))
    return placed
