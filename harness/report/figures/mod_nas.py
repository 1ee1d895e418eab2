"""The figure of the study of MoD-NAS: how much of the searches skips."""

from __future__ import annotations

import matplotlib
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_HEIGHT_INCHES = 2.6
_PANELS = {
    "skip_weight": "weight of skip_connect",
    "none_weight": "weight of none",
    "skip_share": "edges of skip_connect",
    "none_share": "edges of none",
}


def collapse_figure(frame: pd.DataFrame) -> Figure:
    """Weights and shares of `skip_connect` and `none` along the searches with and without data consistency.

    Args:
        frame: from `harness.studies.searches.mod_nas.searched.collapse_frame`.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    small = (
        "After each epoch, over the ten edges of the block: mean operation weights, and the share of edges whose "
        "largest weight it is; a line for each seed."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        panels = figure.subplots(1, len(_PANELS), sharex=True)
        for panel, (column, title) in zip(panels, _PANELS.items(), strict=True):
            for place, (arm, rows) in enumerate(frame.groupby("arm", sort=True)):
                for number, (_, line) in enumerate(rows.groupby("seed")):
                    label = str(arm) if number == 0 else None
                    panel.plot(
                        line["epoch"], line[column], "-" if place == 0 else "--", color=COLOURS[place], linewidth=0.9,
                        label=label,
                    )  # fmt: skip
            panel.set_title(title, fontsize=7)
            panel.set_xlabel("epoch")
            panel.set_ylim(0, None if column.endswith("weight") else 1)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[0].legend(frameon=False)
    return figure
