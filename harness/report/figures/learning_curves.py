"""Learning curves: how well predictors rank, by the number of architectures that they were fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from harness.errors import HarnessError, unknown
from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE
from harness.report.tables.headings import COEFFICIENTS

if TYPE_CHECKING:
    from harness.evaluation.predictors import Predictions

_HEIGHT_INCHES = 3.0
_MARKERS = "osD^vP*"
_APART = 1.02
"""Factor between the places of two predictors at the same number, so that their intervals can be told apart."""


def learning_curves(predictions: Predictions, *, measure: str = "kendall_tau_b") -> Figure:
    """A line for each predictor over the number of architectures, with 95 % intervals; that number is logarithmic.

    Args:
        predictions: from `harness.predict`.
        measure: `kendall_tau_b`, `spearman` or `top_mean`.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.

    Raises:
        HarnessError: another measure.
    """
    from harness.evaluation.predictors import MEASURES

    if measure not in MEASURES:
        raise HarnessError(unknown("measure", measure, MEASURES))
    small = "Means over draws of the architectures that are fitted to, with their 95 % intervals; of all others."
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        axes = figure.subplots()
        draw_curves(axes, predictions.frame, measure, names="predictor", by="samples")
        axes.set_xlabel("architectures with a value")
        axes.set_ylabel(COEFFICIENTS.get(measure, f"mean {predictions.column} of the 100 best"), parse_math=False)
    return figure


def draw_curves(axes: Axes, frame: pd.DataFrame, measure: str, *, names: str, by: str) -> None:
    """Draw a line with 95 % intervals for each name.

    Args:
        axes: the panel.
        frame: the two columns below, and of the measure its mean and its interval, `…_low` and `…_high`.
        measure: name of the column of the means.
        names: column of the names of the lines.
        by: column of the numbers along the axis, which is logarithmic.
    """
    ordered = list(dict.fromkeys(frame[names]))
    for place, name in enumerate(ordered):
        rows = frame[frame[names] == name]
        means, low, high = (rows[f"{measure}{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high"))
        margins = [(means - low).tolist(), (high - means).tolist()]  # of arrays of one element matplotlib warns
        axes.errorbar(
            rows[by].to_numpy() * _APART ** (place - len(ordered) // 2), means, yerr=margins,
            color=COLOURS[place % len(COLOURS)], marker=_MARKERS[place % len(_MARKERS)], markersize=3.0, linewidth=0.8,
            elinewidth=0.6, label=name,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(sorted(set(frame[by])))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.legend(frameon=False)
