"""The figure of searches on graph networks: regret by the number of queries, a panel for each data set."""

from __future__ import annotations

import math

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures.page import empty_page
from harness.report.figures.style import PAGE_WIDTH_INCHES, STYLE

_COLUMNS = 4
_ROW_INCHES = 1.75
_DASHES = {"valid": "-", "test": ":"}


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
            for place, search in enumerate(searches):
                for asked, dashes in _DASHES.items():
                    chosen = (frame["dataset"] == dataset) & (frame["search"] == search) & (frame["asked"] == asked)
                    part = frame[chosen].sort_values("queries")
                    if part.empty:
                        continue
                    name = search if asked == "valid" else None
                    colour = f"C{place}"
                    panel.plot(part["queries"], part[f"{quantity}_mean"], dashes, color=colour, label=name, marker=".")
                    ends = (part[f"{quantity}_low"], part[f"{quantity}_high"])
                    panel.fill_between(part["queries"], *ends, color=colour, alpha=0.15, linewidth=0)
            panel.set_title(dataset)
            panel.set_xscale("log")
            panel.set_xticks(sorted(set(frame["queries"])), [f"{count:,}" for count in sorted(set(frame["queries"]))])
            panel.minorticks_off()
            panel.set_ylim(bottom=0)
        words = {"test_pct": "test accuracy (%)", "valid_regret": "validation regret", "test_regret": "test regret"}
        figure.supylabel(f"{words[quantity]} (points)" if quantity != "test_pct" else words[quantity])
        for panel in panels[max(0, len(datasets) - _COLUMNS) : len(datasets)]:
            panel.set_xlabel("queries")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(4, len(labels)))
    return figure
