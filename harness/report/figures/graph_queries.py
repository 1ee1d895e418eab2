"""The figure of searches on graph networks: regret by the number of queries, a panel for each data set."""

from __future__ import annotations

import math

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures.page import empty_page
from harness.report.figures.style import PAGE_WIDTH_INCHES, STYLE

_COLUMNS = 4
_ROW_INCHES = 1.75
_DASHES = {"valid": "-", "test": ":"}
_MARKERS = "osv^DPX*"
_COLOURS = 6
"""Colours that are told apart; what comes after them is grey."""
_APART = 1.06
"""Factor by which the marks of two searches are apart, on an axis of logarithms."""
_WORDS = {"test_pct": "test accuracy (%)", "valid_regret": "validation regret (points)",
          "test_regret": "test regret (points)"}  # fmt: skip


def queries_figure(frame: pd.DataFrame, quantity: str = "test_regret") -> Figure:
    """Mean of a quantity of each search over the number of queries, with its 95 % interval by Student's t.

    Lines of searches that query validation accuracy are drawn through, those by test accuracy are dotted.

    Args:
        frame: from `harness.studies.searches.graph_queries.runs.summary_frame`.
        quantity: `test_pct`, `valid_regret` or `test_regret`.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    datasets, searches = list(dict.fromkeys(frame["dataset"])), list(dict.fromkeys(frame["search"]))
    rows = math.ceil(len(datasets) / _COLUMNS)
    both = set(frame["asked"]) == set(_DASHES)
    small = "Means over runs with their 95 % intervals by Student's t" + (
        "; dotted: by test accuracy, else by validation accuracy." if both else "."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, rows * _ROW_INCHES + 0.6, small)
        panels = figure.subplots(rows, min(_COLUMNS, len(datasets)), squeeze=False).flatten().tolist()
        for panel in panels[len(datasets) :]:
            panel.set_axis_off()
        for panel, dataset in zip(panels, datasets, strict=False):
            _draw(panel, frame[frame["dataset"] == dataset], searches, quantity)
            panel.set_title(dataset)
        figure.supylabel(_WORDS[quantity])
        for panel in panels[max(0, len(datasets) - _COLUMNS) : len(datasets)]:
            panel.set_xlabel("queries")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(4, len(labels)))
    return figure


def _colour(place: int) -> str:
    return f"C{place}" if place < _COLOURS else "0.4"


def _draw(panel: Axes, frame: pd.DataFrame, searches: list[str], quantity: str) -> None:
    """The means of each search on one data set, with their intervals; searches stand a little apart."""
    for place, search in enumerate(searches):
        for asked, dashes in _DASHES.items():
            part = frame[(frame["search"] == search) & (frame["asked"] == asked)].sort_values("queries")
            if part.empty:
                continue
            mean = part[f"{quantity}_mean"]
            ends = [mean - part[f"{quantity}_low"], part[f"{quantity}_high"] - mean]
            panel.errorbar(
                part["queries"] * _APART ** (place - (len(searches) - 1) / 2),
                mean,
                ends,
                fmt=dashes,
                color=_colour(place),
                marker=_MARKERS[place % len(_MARKERS)],
                markersize=3,
                linewidth=0.8,
                elinewidth=0.6,
                label=search if asked == "valid" else None,
            )
    budgets = sorted(set(frame["queries"]))
    panel.set_xscale("log")
    panel.set_xticks(budgets, [f"{count:,}" for count in budgets])
    panel.minorticks_off()
    panel.set_ylim(bottom=0)
