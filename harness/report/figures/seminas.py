"""The figure of the study of SemiNAS: what searches find, and how predictors rank, by the number of labels."""

from __future__ import annotations

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from harness.evaluation.columns import PRINTED
from harness.report.figures.learning_curves import draw_curves
from harness.report.figures.page import empty_page
from harness.report.figures.style import PAGE_WIDTH_INCHES, STYLE
from harness.report.tables.headings import COEFFICIENTS

_HEIGHT_INCHES = 4.6
_TAU, _ACCURACY = "kendall_tau_b", "test_pct"


def seminas_figure(searches: pd.DataFrame, curves: pd.DataFrame) -> Figure:
    """Mean test accuracy of each search, and Kendall's tau-b of each predictor, over the number of labels.

    Args:
        searches: from `harness.studies.searches.seminas.labels.summary_frame`; a column of panels for each data set.
        curves: from `harness.evaluation.predictors.summary_of_draws`, with `curve`, the name of the data set.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    small = "Means over runs, and over draws of the labelled cells, with their 95 % intervals by Student's t."
    names = list(dict.fromkeys(searches["data_set"]))
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        panels = figure.subplots(2, len(names), squeeze=False)
        for place, name in enumerate(names):
            above, below = panels[:, place]
            found = searches[searches["data_set"] == name].rename(columns={f"{_ACCURACY}_mean": _ACCURACY})
            draw_curves(above, found, _ACCURACY, names="search", by="labels")
            draw_curves(below, curves[curves["curve"] == name], _TAU, names="predictor", by="samples")
            above.set_title(PRINTED[name])
            below.set_xlabel("labels")
            for panel in (above, below):
                panel.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
                if place < len(names) - 1:
                    panel.get_legend().remove()
        panels[0, 0].set_ylabel("test accuracy (%)")
        panels[1, 0].set_ylabel(COEFFICIENTS[_TAU])
    return figure
