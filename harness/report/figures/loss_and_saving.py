"""What a smaller network loses against what it saves, a panel a proxy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from harness.errors import HarnessError, ScoresError
from harness.evaluation.ablation import Ablation
from harness.report.figures.lines import LABEL_LINE_INCHES, balanced, legend_layout, most_lines, wrapped
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, SMALL_POINTS, STYLE

_ACROSS = 4
_ROW_INCHES = 1.25
_MARGIN_INCHES = 0.4
_BESIDE_INCHES, _GAP_INCHES = 0.6, 0.15
_MARKERS = ("o", "s")
_SIDES = (1, -1)  # of the line on which its numbers stand, so that those of two lines do not meet
_TICKS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0)

Series = Mapping[str, Sequence[tuple[str, str]]]
"""What is changed, to the settings' labels in order with the number that stands at each."""


def loss_and_saving(ablation: Ablation, series: Series) -> Figure:
    """Difference of the rank correlation from the base's over the share of its seconds, with intervals.

    Args:
        ablation: from `harness.evaluation.ablation.ablate`.
        series: one or two, such as `{"width": [("width_8", "8"), ("width_4", "4")]}`; each line begins at the base, at
            (1, 0).

    Returns:
        A figure of 6.9 inches; proxies without a `seconds_ratio`, or without a coefficient, are left out. pyplot does
        not know of it.

    Raises:
        ScoresError: nothing to draw.
        HarnessError: more than two series.
    """
    if len(series) > len(_MARKERS):
        raise HarnessError(f"one figure tells at most {len(_MARKERS)} series apart, got {len(series)}")
    labels = [label for steps in series.values() for label, _ in steps]
    frame = ablation.frame
    drawn = frame[frame["setting"].isin(labels)].dropna(subset=["difference", "seconds_ratio"])
    proxies = list(dict.fromkeys(drawn["proxy"]))
    if not proxies:
        raise ScoresError("no proxy has a rank correlation and seconds in these settings: there is nothing to draw")
    down = -(-len(proxies) // _ACROSS)
    room = (PAGE_WIDTH_INCHES - _BESIDE_INCHES) / _ACROSS - _GAP_INCHES
    titles = [wrapped(name, room, weight="bold") for name in proxies]
    layout = legend_layout(list(series), PAGE_WIDTH_INCHES, len(series))
    row_inches = _ROW_INCHES + LABEL_LINE_INCHES * (most_lines(titles) - 1)
    with matplotlib.rc_context(dict(STYLE)):
        height = row_inches * down + _MARGIN_INCHES + layout.inches
        figure = Figure(figsize=(PAGE_WIDTH_INCHES, height), layout="constrained")
        axes = figure.subplots(down, _ACROSS, sharex=True, sharey=True, squeeze=False)
        for place, panel in enumerate(axes.flat):
            if place < len(proxies):
                _panel(panel, drawn[drawn["proxy"] == proxies[place]].set_index("setting"), series)
                panel.set_title(titles[place], parse_math=False)
            else:
                panel.set_axis_off()
        _scale(axes[0, 0], drawn["seconds_ratio"])
        handles = [
            axes[0, 0].plot([], [], marker=marker, color=colour, markersize=3)[0]
            for marker, colour, _ in zip(_MARKERS, COLOURS, series, strict=False)
        ]
        legend = figure.legend(handles, layout.labels, loc="outside upper right", ncols=layout.columns, frameon=False)
        for text in legend.get_texts():
            text.set_parse_math(False)
        figure.supxlabel("Seconds, as a share of the base setting's")
        figure.supylabel(balanced("Difference of Spearman's ρ with the accuracy", 0.7 * height))
    return figure


def _panel(panel: Axes, rows: pd.DataFrame, series: Series) -> None:
    panel.axhline(0, color="#999999", linewidth=0.6)
    panel.plot(1.0, 0.0, marker="o", color="black", markersize=2.6, zorder=3)
    for steps, marker, colour, side in zip(series.values(), _MARKERS, COLOURS, _SIDES, strict=False):
        there = [(label, text) for label, text in steps if label in rows.index]
        chosen = rows.loc[[label for label, _ in there]]
        ratios, differences = [1.0, *chosen["seconds_ratio"]], [0.0, *chosen["difference"]]
        panel.plot(ratios, differences, color=colour, marker=marker, markersize=2.6)
        panel.vlines(
            chosen["seconds_ratio"], chosen["difference_low"], chosen["difference_high"], colour, linewidth=0.7
        )
        for (_, text), ratio, difference in zip(there, ratios[1:], differences[1:], strict=True):
            panel.annotate(
                text, (ratio, difference), xytext=(-2.5, 2 * side), textcoords="offset points", fontsize=SMALL_POINTS,
                color=colour, ha="right", va="bottom" if side > 0 else "top",
            )  # fmt: skip


def _scale(panel: Axes, shares: pd.Series[float]) -> None:
    """A logarithmic axis of shares that reaches the base, at 1, and a little beyond."""
    panel.set_xscale("log")
    panel.set_xlim(min(0.8 * float(shares.min()), 0.5), max(1.15 * float(shares.max()), 1.25))
    low, high = panel.get_xlim()
    panel.set_xticks([share for share in _TICKS if low <= share <= high])
    panel.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g}"))
    panel.xaxis.set_minor_locator(NullLocator())
