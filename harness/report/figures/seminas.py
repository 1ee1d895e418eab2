"""The figure of the study of SemiNAS: what searches find, and how predictors rank, by the number of labels."""

from __future__ import annotations

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from harness.evaluation.columns import dataset_title
from harness.report.figures.learning_curves import draw_curves
from harness.report.figures.page import empty_page
from harness.report.figures.style import PAGE_WIDTH_INCHES, STYLE
from harness.report.tables.headings import COEFFICIENTS

_HEIGHT_INCHES = 2.9
_TAU = "kendall_tau_b"


def seminas_figure(searches: pd.DataFrame, curves: pd.DataFrame, column: str) -> Figure:
    """Mean test accuracy of each search, and Kendall's tau-b of each predictor, over the number of labels.

    Args:
        searches: from `harness.studies.searches.seminas.labels.summary_frame`.
        curves: the frame of `harness.predict`.
        column: the test accuracy.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    small = "Means over runs, and over draws of the labelled cells, with their 95 % intervals by Student's t."
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        left, right = figure.subplots(1, 2)
        draw_curves(left, searches.rename(columns={f"{column}_mean": column}), column, names="search", by="labels")
        draw_curves(right, curves, _TAU, names="predictor", by="samples")
        left.set_ylabel(f"{dataset_title(column)} test accuracy (%)")
        right.set_ylabel(COEFFICIENTS[_TAU])
        for panel in (left, right):
            panel.set_xlabel("labels")
    return figure
