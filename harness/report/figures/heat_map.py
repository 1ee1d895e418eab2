"""A table of numbers as coloured cells with the numbers in them."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from harness.errors import ScoresError
from harness.evaluation.matrix import Matrix
from harness.report.cells import number
from harness.report.figures.style import PAGE_WIDTH_INCHES, STYLE

_MAP, _SIGNED_MAP = "cividis", "RdBu_r"
_DARK = 0.5  # luminance below which print is white
_CELL_INCHES = 0.2
_MARGIN_INCHES = 1.2
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
    with matplotlib.rc_context(dict(STYLE)):
        height = _CELL_INCHES * values.shape[0] + _MARGIN_INCHES
        figure = Figure(figsize=(PAGE_WIDTH_INCHES, height), layout="constrained")
        axes = figure.subplots()
        image = axes.imshow(values, cmap=_SIGNED_MAP if low < 0 else _MAP, vmin=low, vmax=matrix.high, aspect="auto")
        axes.set_xticks(range(values.shape[1]), [str(name) for name in frame.columns], rotation=90)
        axes.set_yticks(range(values.shape[0]), [str(name) for name in frame.index])
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
        figure.colorbar(image, ax=axes, label=matrix.label, fraction=0.02, pad=0.01)
    return figure
