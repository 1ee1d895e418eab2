"""The figure of the study of RADARS: accuracy by simulated seconds, and memory by operations."""

from __future__ import annotations

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from harness.evaluation.columns import dataset_title
from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_HEIGHT_INCHES = 2.9
_MARKERS = "osD^vP"


def radars_figure(budgets: pd.DataFrame, memory: pd.DataFrame, column: str) -> Figure:
    """Mean test accuracy of each search over its seconds, and the bytes of a step over the operations of each edge.

    Args:
        budgets: from `harness.studies.searches.radars.budgets.budgets_frame`.
        memory: from `harness.studies.searches.radars.memory.memory_frame`.
        column: the test accuracy.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    small = (
        "Left: means over all runs with their 95 % intervals. Right: the most expensive operations on every edge, as a "
        "share of the whole supernet's bytes of a step."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        left, right = figure.subplots(1, 2)
        _accuracies(left, budgets, column)
        _memory(right, memory)
    return figure


def _accuracies(panel: Axes, frame: pd.DataFrame, column: str) -> None:
    names = list(dict.fromkeys(frame["search"]))
    for place, name in enumerate(names):
        rows = frame[frame["search"] == name]
        means = rows[f"{column}_mean"]
        seconds = rows["budget_seconds"] * 1.03 ** (place - len(names) // 2)
        margins = [means - rows[f"{column}_low"], rows[f"{column}_high"] - means]
        panel.errorbar(
            seconds, means, yerr=margins, color=COLOURS[place], marker=_MARKERS[place], markersize=2.6, linewidth=0.8,
            elinewidth=0.6, label=name,
        )  # fmt: skip
    panel.set_xscale("log")
    panel.set_xticks(list(dict.fromkeys(frame["budget_seconds"])))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    panel.set_xlabel("simulated seconds")
    panel.set_ylabel(f"{dataset_title(column)} test accuracy (%)")
    panel.legend(frameon=False)


def _memory(panel: Axes, frame: pd.DataFrame) -> None:
    for place, name in enumerate(dict.fromkeys(frame["space"])):
        rows = frame[frame["space"] == name]
        panel.plot(
            rows["operations"] / rows["of"], 100 * rows["share"], color=COLOURS[place], marker=_MARKERS[place],
            markersize=2.6, linewidth=0.8, label=f"{name}, {rows['of'].iloc[0]} operations",
        )  # fmt: skip
    panel.set_xlim(0, 1.02)
    panel.set_ylim(0, 105)
    panel.set_xlabel("share of the operations on each edge")
    panel.set_ylabel("memory of a step (%)")
    panel.legend(frameon=False)
