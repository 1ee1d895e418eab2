"""Curves of a study of wiring over the epochs, a panel a quantity, and the costs of operations at two times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from harness.errors import ScoresError
from harness.report.figures.page import empty_page
from harness.report.figures.runs_line import Look, draw_runs
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_ROW_INCHES, _LEGEND_INCHES = 1.9, 0.3
_ACROSS = 3
"""Most panels of one row; more stand two by two."""
_BAR_INCHES, _BAR_SHARE = 2.5, 0.8


class CurvePanel(NamedTuple):
    """One panel of curves.

    Attributes:
        title: title of the panel.
        y_label: what y is, with its unit.
        column: column that is drawn over `epoch`.
        lines: for each line's name, the frames of its runs, of which mean and band are drawn.
    """

    title: str
    y_label: str
    column: str
    lines: Mapping[str, Sequence[pd.DataFrame]]


def curve_panels(panels: Sequence[CurvePanel], small_print: str) -> Figure:
    """The panels side by side, with one legend above; a line of zero where both signs are there.

    Args:
        panels: the panels; lines of one name look alike in all of them.
        small_print: where the numbers come from.

    Returns:
        A figure 6.9 inches wide; pyplot does not know of it.

    Raises:
        ScoresError: nothing to draw.
    """
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    if not names:
        raise ScoresError("there are no curves to draw")
    looks = {name: Look.of(place) for place, name in enumerate(names)}
    across = len(panels) if len(panels) <= _ACROSS else 2
    rows = -(-len(panels) // across)
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, rows * _ROW_INCHES + _LEGEND_INCHES, small_print)
        grid = figure.subplots(rows, across, squeeze=False).ravel()
        for axes, panel in zip(grid, panels, strict=False):
            for name, runs in panel.lines.items():
                draw_runs(axes, runs, panel.column, looks[name], shares=False, steps=False)
            axes.set_title(panel.title, parse_math=False)
            axes.set_ylabel(panel.y_label)
            axes.set_xlabel("Epoch")
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            _draw_zero(axes)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        handles = [Line2D([], [], color=look.colour, linestyle=look.dashes) for look in looks.values()]
        figure.legend(handles, names, loc="outside upper center", ncols=min(len(names), 6), frameon=False)
    return figure


class BarPanel(NamedTuple):
    """One panel of bars.

    Attributes:
        title: title of the panel.
        groups: for each group of bars, means and deviations by operation (a frame of two columns).
    """

    title: str
    groups: Mapping[str, pd.DataFrame]


def cost_bars(panels: Sequence[BarPanel], y_label: str, small_print: str) -> Figure:
    """Means with their deviations as bars by operation, groups next to each other, a panel a time.

    Args:
        panels: the panels, with the same operations.
        y_label: what the bars are, with its unit.
        small_print: where the numbers come from, and what the whiskers are.

    Returns:
        A figure 6.9 inches wide; pyplot does not know of it.

    Raises:
        ScoresError: nothing to draw.
    """
    names = list(dict.fromkeys(name for panel in panels for name in panel.groups))
    if not names:
        raise ScoresError("there are no costs to draw")
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _BAR_INCHES + _LEGEND_INCHES, small_print)
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            wide = _BAR_SHARE / len(names)
            for place, (name, frame) in enumerate(panel.groups.items()):
                along = np.arange(len(frame)) + (place - (len(names) - 1) / 2) * wide
                means, deviations = (frame.iloc[:, column].to_numpy(dtype=float) for column in (0, 1))
                axes.bar(
                    along, means, wide, yerr=deviations, color=COLOURS[names.index(name)],
                    error_kw={"elinewidth": 0.6, "ecolor": "#555555"},
                )  # fmt: skip
                axes.set_xticks(np.arange(len(frame)), [str(text) for text in frame.index], rotation=40, ha="right")
            axes.set_title(panel.title, parse_math=False)
            axes.axhline(0, color="#555555", linewidth=0.5)
        figure.axes[0].set_ylabel(y_label)
        handles = [Line2D([], [], color=COLOURS[place], linewidth=5) for place in range(len(names))]
        figure.legend(handles, names, loc="outside upper center", ncols=len(names), frameon=False)
    return figure


def _draw_zero(axes: Axes) -> None:
    low, high = axes.get_ylim()
    if low < 0 < high:
        axes.axhline(0, color="#555555", linewidth=0.5, zorder=0)
