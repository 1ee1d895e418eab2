"""An architecture as a figure: its cells drawn as graphs."""

from __future__ import annotations

from itertools import pairwise

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path

from harness.report.drawing.layout import ARROW, Layout, Rectangle, Route, laid_out
from harness.report.drawing.looks import NONE, look_of
from harness.report.figures.style import PAGE_WIDTH_INCHES, STYLE
from harness.spaces.graph import Graph
from harness.spaces.space import Architecture, Space

_POINTS_PER_INCH = 72
_MARGIN = 2.0
_BETWEEN_CELLS = 22.0
_TITLE_HEIGHT = 16.0
_TINT = 0.16
_PLAIN = "#8A8A8A"
_TEXT = 8.0
_LINE_WIDTH, _PLAIN_WIDTH, _FAINT_WIDTH = 1.2, 0.9, 0.6
_DASHES = (0, (2.5, 2.0))


def draw(space: Space, architecture: Architecture) -> Figure:
    """The cells of an architecture as graphs, from left to right, at their natural size with text of 8 points.

    An operation is a box on its edge, in words and in a colour; `none` is faint and dashed. A genotype's two cells
    stand next to each other where a page is wide enough, else below each other.

    Args:
        space: whose graphs are drawn.
        architecture: one of the space.

    Returns:
        A figure that pyplot does not know of; up to a page wide.

    Raises:
        SpaceError: for an architecture of another space, or a space that has no drawing.
    """
    cells = space.graphs(architecture)
    layouts = [laid_out(cell.wiring) for cell in cells]
    title = _TITLE_HEIGHT if len(cells) > 1 else 0.0
    beside = sum(layout.width for layout in layouts) + (len(cells) - 1) * _BETWEEN_CELLS + 2 * _MARGIN
    in_a_row = beside <= PAGE_WIDTH_INCHES * _POINTS_PER_INCH
    if in_a_row:
        width, height = beside, max(layout.height for layout in layouts) + title + 2 * _MARGIN
    else:
        width = max(layout.width for layout in layouts) + 2 * _MARGIN
        height = sum(layout.height + title for layout in layouts) + (len(cells) - 1) * _BETWEEN_CELLS + 2 * _MARGIN
    with matplotlib.rc_context(dict(STYLE)):
        figure = Figure(figsize=(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        axes.set_axis_off()
        x = y = _MARGIN
        for cell, layout in zip(cells, layouts, strict=True):
            if title:
                axes.text(x, y, cell.title, fontweight="bold", fontsize=_TEXT, verticalalignment="top")
            _draw_cell(axes, cell, layout, x, y + title)
            if in_a_row:
                x += layout.width + _BETWEEN_CELLS
            else:
                y += layout.height + title + _BETWEEN_CELLS
    return figure


def _draw_cell(axes: Axes, cell: Graph, layout: Layout, x: float, y: float) -> None:
    """Lines first, boxes and nodes on top; what does nothing lies below what does."""
    for place, route in enumerate(layout.routes):
        operation = cell.operations[place] if place < len(cell.operations) else None
        _draw_route(axes, route, operation, x, y)
    for rectangle, operation in zip(layout.boxes, cell.operations, strict=True):
        look, faint = look_of(operation), operation == NONE
        fill = "white" if faint else _tinted(look.colour)
        _draw_box(axes, rectangle, look.label, x, y, fill=fill, line=look.colour, faint=faint)
    for rectangle, label in zip(layout.nodes, cell.wiring.labels, strict=True):
        _draw_box(axes, rectangle, label, x, y, fill="#E8E8E8", line="#333333", faint=False)


def _draw_route(axes: Axes, route: Route, operation: str | None, x: float, y: float) -> None:
    faint = operation == NONE
    colour = _PLAIN if operation is None else look_of(operation).colour
    tip = (route[-1][0] + x, route[-1][1] + y)
    points = [(across + x, down + y) for across, down in route]
    points[-1] = (tip[0] - ARROW, tip[1])
    vertices, codes = [points[0]], [int(Path.MOVETO)]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        vertices += [(middle, y0), (middle, y1), (x1, y1)]
        codes += [int(Path.CURVE4)] * 3
    width = _PLAIN_WIDTH if operation is None else _FAINT_WIDTH if faint else _LINE_WIDTH
    opacity, below = (0.7, 1.0) if faint else (1.0, 1.5)
    axes.add_patch(
        PathPatch(
            Path(vertices, codes),
            fill=False,
            edgecolor=colour,
            linewidth=width,
            linestyle=_DASHES if faint else "solid",
            alpha=opacity,
            zorder=below,
            capstyle="butt",
        )
    )
    head = [tip, (tip[0] - ARROW, tip[1] - ARROW / 2.5), (tip[0] - ARROW, tip[1] + ARROW / 2.5)]
    axes.add_patch(Polygon(head, closed=True, facecolor=colour, linewidth=0, alpha=opacity, zorder=below))


def _draw_box(
    axes: Axes, rectangle: Rectangle, label: str, x: float, y: float, *, fill: str, line: str, faint: bool
) -> None:
    radius = 3.0
    axes.add_patch(
        FancyBboxPatch(
            (rectangle.x + x - rectangle.width / 2 + radius, rectangle.y + y - rectangle.height / 2 + radius),
            rectangle.width - 2 * radius,
            rectangle.height - 2 * radius,
            boxstyle=f"round,pad={radius}",
            facecolor=fill,
            edgecolor=line,
            linewidth=_FAINT_WIDTH,
            linestyle=_DASHES if faint else "solid",
            zorder=2,
        )
    )
    axes.text(
        rectangle.x + x, rectangle.y + y, label, fontsize=_TEXT, color="#767676" if faint else "black",
        horizontalalignment="center", verticalalignment="center_baseline", zorder=3,
    )  # fmt: skip


def _tinted(colour: str) -> str:
    """The colour, mostly white."""
    red, green, blue = (1 - _TINT * (1 - part) for part in to_rgb(colour))
    return str(to_hex((red, green, blue)))
