"""A table of numbers as coloured cells with the numbers in them."""

from __future__ import annotations

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from harness.errors import ScoresError
from harness.evaluation.matrix import Matrix
from harness.report.cells import number
from harness.report.figures.lines import LABEL_LINE_INCHES, LABEL_POINTS, balanced, inches_of, most_lines, wrapped
from harness.report.figures.style import PAGE_WIDTH_INCHES, STYLE

FloatArray = npt.NDArray[np.float64]

_MAP, _SIGNED_MAP = "cividis", "RdBu_r"
_DARK = 0.5  # luminance below which print is white
_CELL_INCHES = 0.2
_LEAST_BODY_INCHES = 1.2
_NAME_INCHES = 1.5
_BESIDE_INCHES = 0.75  # colours and their label
_GAP_INCHES = 0.2
_SMALLEST_POINTS, _LARGEST_POINTS = 4.0, 6.5
_FILLED = 0.95  # of a cell, by its number
_LEAST_NAME_POINTS = 5.5
_SEAM_POINTS = 0.2  # without it, a viewer shows white lines between the cells


def heat_map(matrix: Matrix) -> Figure:
    """Rows down, columns across; a cell without a number stays empty.

    Only the row and the column of a long name are larger than the others.

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
    rows = [wrapped(str(name), _NAME_INCHES) for name in frame.index]
    heights = np.array([max(_CELL_INCHES, LABEL_LINE_INCHES * most_lines([row])) for row in rows])
    heights *= max(1.0, _LEAST_BODY_INCHES / heights.sum())
    body = float(heights.sum())
    label = balanced(matrix.label, body)
    beside = _BESIDE_INCHES + _widest(rows) + LABEL_LINE_INCHES * most_lines([label])
    columns, size = _columns([str(name) for name in frame.columns], PAGE_WIDTH_INCHES - beside)
    widths = _shared([most_lines([name]) for name in columns], size, PAGE_WIDTH_INCHES - beside)
    across, down = _edges(widths), _edges(heights)
    written = [number(value, matrix.decimals) for value in values[np.isfinite(values)]]
    points, rotation = _print(_widest(written, 1.0), float(widths.min()), float(heights.min()))
    with matplotlib.rc_context(dict(STYLE)):
        height = body + _widest(columns) * size / LABEL_POINTS + _GAP_INCHES
        figure = Figure(figsize=(PAGE_WIDTH_INCHES, height), layout="constrained")
        axes = figure.subplots()
        norm = Normalize(low, matrix.high)
        colours = ScalarMappable(norm, _SIGNED_MAP if low < 0 else _MAP)
        image = axes.pcolormesh(across, down, values, norm=norm, cmap=colours.cmap)
        image.set(edgecolor="face", linewidth=_SEAM_POINTS)
        axes.set_ylim(down[-1], 0)
        middles, centres = (across[:-1] + across[1:]) / 2, (down[:-1] + down[1:]) / 2
        axes.set_xticks(middles, columns, rotation=90, fontsize=size, parse_math=False)
        axes.set_yticks(centres, rows, parse_math=False)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                red, green, blue, _ = colours.to_rgba(value)
                dark = 0.299 * red + 0.587 * green + 0.114 * blue < _DARK
                axes.text(
                    middles[column], centres[row], number(value, matrix.decimals), ha="center", va="center",
                    fontsize=points, rotation=rotation, color="white" if dark else "black",
                )  # fmt: skip
        figure.colorbar(image, ax=axes, fraction=0.02, pad=0.01).set_label(label, parse_math=False)
    return figure


def _columns(names: list[str], width: float) -> tuple[list[str], float]:
    """The names of the columns in lines that all lie next to each other within a width, and their size in points.

    Longer lines are fewer, and a smaller print narrower: lines grow only until names can be read.
    """
    lines, room = [wrapped(name, _NAME_INCHES) for name in names], _NAME_INCHES
    while (points := LABEL_POINTS * width / (LABEL_LINE_INCHES * _lines(lines))) < _LEAST_NAME_POINTS:
        if _lines(lines) == len(lines):
            break
        room *= 1.1
        lines = [wrapped(name, room) for name in names]
    return lines, min(LABEL_POINTS, points)


def _lines(texts: list[str]) -> int:
    """Lines of all texts together."""
    return sum(most_lines([text]) for text in texts)


def _shared(lines: list[int], points: float, width: float) -> FloatArray:
    """Inches of each column: all equal, but for those that so many lines of their name make wider."""
    needed = np.array(lines) * LABEL_LINE_INCHES * points / LABEL_POINTS
    is_wide = np.zeros(len(lines), dtype=bool)
    while True:
        equal = (width - needed[is_wide].sum()) / max(1, (~is_wide).sum())
        widths: FloatArray = np.where(is_wide, needed, equal)
        if not (is_wider := needed > widths * (1 + 1e-9)).any():
            return widths
        is_wide |= is_wider


def _edges(sizes: FloatArray) -> FloatArray:
    """Where cells of these sizes begin and end, next to each other."""
    return np.concatenate([[0.0], np.cumsum(sizes)])


def _print(longest: float, width: float, height: float) -> tuple[float, float]:
    """Points of the numbers in cells of a size in inches, and their rotation: upright where they would else touch.

    Args:
        longest: inches of the longest number at one point.
        width: of the narrowest cell.
        height: of the lowest cell.
    """
    room, rotation = (width, 0.0) if longest * _SMALLEST_POINTS <= _FILLED * width else (height, 90.0)
    return float(np.clip(_FILLED * room / longest, _SMALLEST_POINTS, _LARGEST_POINTS)), rotation


def _widest(texts: list[str], points: float = LABEL_POINTS) -> float:
    """Inches of the longest line."""
    return max(inches_of(line, points) for text in texts for line in text.split("\n"))
