"""Two traces of the same networks against each other, a panel a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from harness.errors import ScoresError
from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_HEIGHT_INCHES = 2.5
_TICKS, _MOST_TICKS = (1.0,), 5


class TracePair(NamedTuple):
    """Two traces of the same networks.

    Attributes:
        title: title of the panel.
        x: traces along x, positive, [n].
        y: traces along y, positive, [n].
        x_label: what x is.
        y_label: what y is.
        spearman: their rank correlation.
    """

    title: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_label: str
    y_label: str
    spearman: float


def trace_pairs(pairs: Sequence[TracePair], small_print: str) -> Figure:
    """The pairs on logarithmic axes, side by side, each with its Spearman coefficient.

    Args:
        pairs: from one to three comparisons.
        small_print: where the numbers come from.

    Returns:
        A figure 6.9 inches wide; pyplot does not know of it.

    Raises:
        ScoresError: no pair, or one without networks.
    """
    if not pairs or not all(len(pair.x) for pair in pairs):
        raise ScoresError("there are no traces to draw")
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small_print)
        for panel, pair in zip(figure.subplots(1, len(pairs), squeeze=False)[0], pairs, strict=True):
            panel.scatter(pair.x, pair.y, s=5, color=COLOURS[0], alpha=0.5, linewidths=0)
            for scale, axis in ((panel.set_xscale, panel.xaxis), (panel.set_yscale, panel.yaxis)):
                scale("log")
                axis.set_major_locator(LogLocator(subs=_TICKS, numticks=_MOST_TICKS))
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
                axis.set_minor_locator(NullLocator())
            panel.set_title(f"{pair.title}\nSpearman {pair.spearman:.2f}, n = {len(pair.x)}", parse_math=False)
            panel.set_xlabel(pair.x_label)
            panel.set_ylabel(pair.y_label)
    return figure
