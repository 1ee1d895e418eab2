"""The page of a figure: its small print, and words broken into lines that fit."""

from __future__ import annotations

import textwrap

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from harness.report.figures.style import LINE_POINTS, LINE_SPACING, SMALL_POINTS

_CHARACTER_WIDTH = 0.53  # of DejaVu Sans on average, in units of its size
_POINTS_PER_INCH = 72


def empty_page(width: float, body_height: float, small_print: str) -> Figure:
    """A figure without axes, in inches, with the small print below its body; pyplot does not know of it."""
    lines = wrapped(small_print, width, SMALL_POINTS)
    foot = ((1 + lines.count("\n")) * LINE_POINTS + 5) / _POINTS_PER_INCH
    height = body_height + foot
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.set_layout_engine(
        ConstrainedLayoutEngine(rect=(0, foot / height, 1, 1 - foot / height), w_pad=0.03, h_pad=0.03, hspace=0.02)
    )
    figure.text(
        0.03 / width,
        0.03 / height,
        lines,
        fontsize=SMALL_POINTS,
        linespacing=LINE_SPACING,
        color="#444444",
        verticalalignment="bottom",
        parse_math=False,
    )
    return figure


def wrapped(text: str, width_inches: float, size_points: float) -> str:
    """`text` broken into lines that fit, at the average width of a character."""
    characters = int(width_inches * _POINTS_PER_INCH / (size_points * _CHARACTER_WIDTH))
    return _filled(text, max(characters, 10))


def balanced(text: str) -> str:
    """Wrapped text in as many lines of about the same length, so that no unit stands alone on the last."""
    flat, lines = text.replace("\n", " "), text.count("\n") + 1
    narrower = (_filled(flat, width) for width in range(len(flat) // lines, len(flat) + 1))
    return next((filled for filled in narrower if filled.count("\n") < lines), text)


def _filled(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_on_hyphens=False)  # a line break after "NAS-" would tear a name
