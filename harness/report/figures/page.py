"""The page of a figure: its size, and its small print."""

from __future__ import annotations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from harness.report.figures.lines import wrapped
from harness.report.figures.style import LINE_POINTS, LINE_SPACING, SMALL_POINTS

_MARGIN_INCHES = 0.03
_POINTS_PER_INCH = 72


def empty_page(width: float, body_height: float, small_print: str) -> Figure:
    """A figure without axes, in inches, with the small print below its body; pyplot does not know of it."""
    lines = wrapped(small_print, width - 2 * _MARGIN_INCHES, SMALL_POINTS)
    foot = ((1 + lines.count("\n")) * LINE_POINTS + 5) / _POINTS_PER_INCH
    height = body_height + foot
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.set_layout_engine(
        ConstrainedLayoutEngine(
            rect=(0, foot / height, 1, 1 - foot / height), w_pad=_MARGIN_INCHES, h_pad=_MARGIN_INCHES, hspace=0.02
        )
    )
    figure.text(
        _MARGIN_INCHES / width,
        _MARGIN_INCHES / height,
        lines,
        fontsize=SMALL_POINTS,
        linespacing=LINE_SPACING,
        color="#444444",
        verticalalignment="bottom",
        parse_math=False,
    )
    return figure
