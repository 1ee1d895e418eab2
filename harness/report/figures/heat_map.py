"""A table of numbers as coloured cells with the numbers in them."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from harness.errors import ScoresError
from harness.evaluation.matrix import Matrix
from harness.report.cells import number
from harness.report.figures.lines import LABEL_LINE_INCHES, LABEL_POINTS, balanced, inches_of, most_lines, wrapped
from harness.report.figures.style import PAGE_WIDTH_INCHES, STYLE

_MAP, _SIGNED_MAP = "cividis", "RdBu_r"
_DARK = 0.5  # luminance below which print is white
_CELL_INCHES = 0.2
_LEAST_BODY_INCHES = 1.2
_NAME_INCHES = 1.5
_BESIDE_INCHES = 0.75  # colours and their label
_GAP_INCHES = 0.2
_SMALLEST_POINTS, _LARGEST_POINTS = 4.0, 6.5


def heat_map(matrix: Matrix) -> Figure:
    """Rows down, columns across; a cell without a number stays empty.

    Args:
        matrix: the numbers; the colours reach from its `low` to its `high`, and part in the middle where `low` is
            negative.

    Returns:
        A figure of 6.9 inches. pyplot does not know of it.

    Raises:
        ScoresError: a matrix without rows, columns or a number.
    """
    frame, low = matrix.frame, matrix.low
    values = frame.to_numpy(dtype=float)
    if not np.isfinite(values).any():
        raise ScoresError("there is no number to draw a heat map of")
    points = float(np.clip(PAGE_WIDTH_INCHES * 72 / (4.5 * values.shape[1]), _SMALLEST_POINTS, _LARGEST_POINTS))
    rows = [wrapped(str(name), _NAME_INCHES) for name in frame.index]
    body = max(_LEAST_BODY_INCHES, len(rows) * max(_CELL_INCHES, LABEL_LINE_INCHES * most_lines(rows)))
    label = balanced(matrix.label, body)
    beside = _BESIDE_INCHES + _widest(rows) + LABEL_LINE_INCHES * most_lines([label])
    columns, size = _columns([str(name) for name in frame.columns], PAGE_WIDTH_INCHES - beside)
    with matplotlib.rc_context(dict(STYLE)):
        height = body + _widest(columns) + _GAP_INCHES
        figure = Figure(figsize=(PAGE_WIDTH_INCHES, height), layout="constrained")
        axes = figure.subplots()
        image = axes.imshow(values, cmap=_SIGNED_MAP if low < 0 else _MAP, vmin=low, vmax=matrix.high, aspect="auto")
        axes.set_xticks(range(values.shape[1]), columns, rotation=90, fontsize=size, parse_math=False)
        axes.set_yticks(range(values.shape[0]), rows, parse_math=False)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                red, green, blue, _ = image.to_rgba(value)
                dark = 0.299 * red + 0.587 * green + 0.114 * blue < _DARK
                axes.text(
                    column, row, number(value, matrix.decimals), ha="center", va="center", fontsize=points,
                    color="white" if dark else "black",
                )  # fmt: skip
        figure.colorbar(image, ax=axes, fraction=0.02, pad=0.01).set_label(label, parse_math=False)
    return figure


def _columns(names: list[str], width: float) -> tuple[list[str], float]:
    """The names of the columns in as many lines as lie next to each other over one, and their size in points."""
    points = min(LABEL_POINTS, LABEL_POINTS * width / len(names) / LABEL_LINE_INCHES)
    most = max(1, int(width / len(names) / LABEL_LINE_INCHES))
    lines, room = [wrapped(name, _NAME_INCHES) for name in names], _NAME_INCHES
    while most_lines(lines) > most:
        room *= 1.1
        lines = [wrapped(name, room) for name in names]
    return lines, points


def _widest(texts: list[str]) -> float:
    """Inches of the longest line."""
    return max(inches_of(line) for text in texts for line in text.split("\n"))
