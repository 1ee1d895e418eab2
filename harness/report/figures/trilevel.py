"""The figure of the study of the trilevel search: sparsity along it."""

from __future__ import annotations

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_HEIGHT_INCHES = 3.6
_GROUPS = ("nodes", "operations")
_FUNCTIONS = ("softmax", "sparsemax", "sparsestmax")


def sparsity_figure(frame: pd.DataFrame) -> Figure:
    """Supports and entropies of three functions of the logits along the searches, for nodes and for operations.

    Args:
        frame: from `harness.studies.searches.trilevel.searched.sparsity_frame`.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    small = (
        "The same logits after each epoch, by softmax, sparsemax and sparsestmax with the radius of that epoch "
        "(dotted, from 0 to 1 over the height of a panel); a line for each seed. Above: weights that are not 0, mean "
        "over rows. Below: entropy, mean over rows."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        panels = figure.subplots(2, 2, sharex=True)
        for column, group in enumerate(_GROUPS):
            rows = frame[frame["group"] == group]
            _lines(panels[0, column], rows, "support")
            _lines(panels[1, column], rows, "entropy_nats")
            panels[0, column].set_title(group)
            panels[1, column].set_xlabel("epoch")
        panels[0, 0].set_ylabel("weights above 0")
        panels[1, 0].set_ylabel("entropy (nats)")
        panels[1, 1].legend(frameon=False)
    return figure


def _lines(panel: Axes, rows: pd.DataFrame, value: str) -> None:
    for place, function in enumerate(_FUNCTIONS):
        own = rows[rows["function"] == function]
        for number, (_, line) in enumerate(own.groupby("seed")):
            label = function if number == 0 else None
            style = "--" if function == "sparsemax" else "-"  # where it lies on softmax, both show
            panel.plot(line["epoch"], line[value], style, color=COLOURS[place], linewidth=0.9, label=label)
    panel.set_ylim(bottom=0)
    top = panel.get_ylim()[1]
    line = rows[rows["seed"] == rows["seed"].min()].drop_duplicates("epoch")
    panel.plot(line["epoch"], line["radius"] * top, color="0.5", linestyle=":", linewidth=0.8, label="radius")
    panel.set_ylim(0, top)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
