"""The figure of searches whose networks are trained: the best answer by query, and what was found, trained anew."""

from __future__ import annotations

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_ROW_INCHES = 2.2
_PLAIN = "gcn"


def trained_figure(queries: pd.DataFrame, runs: pd.DataFrame) -> Figure:
    """Best validation accuracy by the number of queries, and test accuracy of what each run found.

    Args:
        queries: from `harness.studies.searches.agnn.trained.run_trained`.
        runs: from `harness.studies.searches.agnn.trained_claims.runs_frame`.

    Returns:
        A figure of 6.9 inches, two panels for each graph, of which pyplot does not know.
    """
    small = (
        "Left: mean over runs of the best validation accuracy so far; thin: each run. Right: test accuracy of what "
        "each run found, trained anew, the mean over several seeds; bar: the mean over runs. gcn: a plain "
        "network, each training a point."
    )
    graphs = list(dict.fromkeys(queries["graph"]))
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, len(graphs) * _ROW_INCHES + 0.6, small)
        panels = figure.subplots(len(graphs), 2, squeeze=False, width_ratios=(3, 2))
        for (left, right), graph in zip(panels, graphs, strict=True):
            _best_so_far(left, queries[queries["graph"] == graph])
            _found(right, runs[runs["graph"] == graph])
            left.set_title(graph)
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return figure


def _best_so_far(panel: Axes, queries: pd.DataFrame) -> None:
    for place, (arm, part) in enumerate(queries.groupby("arm", sort=False)):
        best = part.pivot(index="query", columns="run", values="validation_pct").cummax()
        numbers = best.index + 1
        for run in best.columns:
            panel.plot(numbers, best[run], color=COLOURS[place], linewidth=0.4, alpha=0.6)
        panel.plot(numbers, best.mean(axis=1), color=COLOURS[place], linewidth=1.3, label=str(arm))
    best_first = queries.groupby(["arm", "run"])["validation_pct"].cummax().groupby(queries["query"]).min()
    panel.set_ylim(bottom=float(best_first.iloc[min(len(best_first) - 1, 4)]) - 1)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set_xlabel("queries")
    panel.set_ylabel("validation accuracy (%)")


def _found(panel: Axes, runs: pd.DataFrame) -> None:
    arms = list(dict.fromkeys(runs["arm"]))
    for place, arm in enumerate(arms):
        values = runs.loc[runs["arm"] == arm, "test_pct"]
        colour = "0.3" if arm == _PLAIN else COLOURS[place]
        panel.plot(values, [place] * len(values), "o", color=colour, markersize=3, alpha=0.7)
        panel.plot([values.mean()] * 2, [place - 0.25, place + 0.25], color=colour, linewidth=1.3)
    panel.set_yticks(range(len(arms)), arms)
    panel.invert_yaxis()
    panel.set_xlabel("test accuracy (%)")
