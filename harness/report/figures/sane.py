"""The figure of the study of SANE: accuracies of all rows, and what supernets know by epoch."""

from __future__ import annotations

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_ROW_INCHES, _BELOW_INCHES = 0.17, 0.75
_KINDS = {"human": COLOURS[0], "random": COLOURS[4], "SANE": COLOURS[1]}
_LINES = {"ours": "-", "authors' code": "--"}
_ACCURACY = "validation_accuracy_pct"


def sane_figure(table: pd.DataFrame, supernets: pd.DataFrame) -> Figure:
    """Test accuracy of each row with its standard deviation, and accuracy of each supernet by epoch.

    Args:
        table: from `harness.studies.searches.sane.summary.table_frame`.
        supernets: from `harness.studies.searches.sane.searched.supernet_frame`.

    Returns:
        A figure of 6.9 inches, two panels for each graph, of which pyplot does not know.
    """
    small = (
        "Left: mean and standard deviation of test accuracy over trainings. Right: accuracy of each search's supernet "
        "on the validation nodes, by our setting (line) and by that of the authors' code (dashes); dotted: the share "
        "of the most frequent class."
    )
    graphs = list(dict.fromkeys(table["graph"]))
    rows = max(table.groupby("graph").size())
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, len(graphs) * (_ROW_INCHES * rows + _BELOW_INCHES), small)
        panels = figure.subplots(len(graphs), 2, squeeze=False, width_ratios=(3, 2))
        for (left, right), graph in zip(panels, graphs, strict=True):
            _rows(left, table[table["graph"] == graph])
            _epochs(right, supernets[supernets["graph"] == graph])
            left.set_title(graph)
    return figure


def _rows(panel: Axes, table: pd.DataFrame) -> None:
    for place, row in enumerate(table.to_dict("records")):
        colour = _KINDS[row["kind"]]
        deviation = 0.0 if pd.isna(row["test_pct_std"]) else row["test_pct_std"]
        panel.errorbar(row["test_pct_mean"], place, xerr=deviation, fmt="o", markersize=3, color=colour, linewidth=1)
    names = [
        name if kind == "human" else f"{kind}, {name}" for kind, name in zip(table["kind"], table["name"], strict=True)
    ]
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()
    panel.set_xlabel("test accuracy (%)")


def _epochs(panel: Axes, supernets: pd.DataFrame) -> None:
    for (setting, _), own in supernets.groupby(["setting", "seed"], sort=False):
        colour = COLOURS[1] if setting == "ours" else COLOURS[0]
        panel.plot(own["epoch"], own[_ACCURACY], linestyle=_LINES[str(setting)], color=colour, linewidth=0.8)
    for share in supernets["majority_pct"].unique():
        panel.axhline(share, linestyle=":", color="black", linewidth=0.8)
    panel.set_xlabel("epoch of the search")
    panel.set_ylabel("supernet's accuracy (%)")
