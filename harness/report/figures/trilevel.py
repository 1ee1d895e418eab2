"""The figures of the study of the trilevel search: sparsity along it, and crops of restored images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_HEIGHT_INCHES = 3.6
_TILE_INCHES, _TITLE_INCHES = 1.3, 0.3
_GROUPS = ("nodes", "operations")
_FUNCTIONS = ("softmax", "sparsemax", "sparsestmax")


class Tile(NamedTuple):
    """A crop of an image in a figure: its name, its pixels [H, W] of 0 to 255, and the PSNR in dB of the whole image.

    The PSNR is None for what has none: the small image, and the true one.
    """

    name: str
    pixels: NDArray[Any]
    psnr: float | None = None


def sparsity_figure(frame: pd.DataFrame) -> Figure:
    """Supports and entropies of three functions of the logits along the searches, for nodes and for operations.

    Args:
        frame: from `harness.studies.searches.trilevel.searched.sparsity_frame`.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    small = (
        "The same logits after each epoch, by softmax, sparsemax and sparsestmax with the radius of that epoch "
        "(dotted, from 0 to 1 over the height of a panel); a line for each seed. Above: weights that are not 0, mean "
        "over rows. Below: entropy, mean over rows."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        panels = figure.subplots(2, 2, sharex=True)
        for column, group in enumerate(_GROUPS):
            rows = frame[frame["group"] == group]
            _lines(panels[0, column], rows, "support")
            _lines(panels[1, column], rows, "entropy_nats")
            panels[0, column].set_title(group)
            panels[1, column].set_xlabel("epoch")
        panels[0, 0].set_ylabel("weights above 0")
        panels[1, 0].set_ylabel("entropy (nats)")
        panels[1, 1].legend(frameon=False)
    return figure


def crops_figure(rows: Sequence[tuple[str, Sequence[Tile]]]) -> Figure:
    """Crops of images, one row an image: as it is given, restored in several ways, and as it is.

    Args:
        rows: name of each image, and its tiles, as many for each.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    height = len(rows) * (_TILE_INCHES + _TITLE_INCHES)
    small = (
        "Y alone. Numbers are PSNR in dB of the whole image, without its border; a tile is the part with most detail."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, height, small)
        panels = figure.subplots(len(rows), len(rows[0][1]), squeeze=False)
        for line, (name, tiles) in zip(panels, rows, strict=True):
            for panel, tile in zip(line, tiles, strict=True):
                panel.imshow(tile.pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
                panel.set_xticks([])
                panel.set_yticks([])
                value = "" if tile.psnr is None else f"\n{tile.psnr:.2f}"
                panel.set_title(f"{tile.name}{value}", fontsize=6.5, loc="center", fontweight="normal")
            line[0].set_ylabel(name, fontsize=6.5)
    return figure


def _lines(panel: Axes, rows: pd.DataFrame, value: str) -> None:
    for place, function in enumerate(_FUNCTIONS):
        own = rows[rows["function"] == function]
        for number, (_, line) in enumerate(own.groupby("seed")):
            label = function if number == 0 else None
            style = "--" if function == "sparsemax" else "-"  # where it lies on softmax, both show
            panel.plot(line["epoch"], line[value], style, color=COLOURS[place], linewidth=0.9, label=label)
    panel.set_ylim(bottom=0)
    top = panel.get_ylim()[1]
    line = rows[rows["seed"] == rows["seed"].min()].drop_duplicates("epoch")
    panel.plot(line["epoch"], line["radius"] * top, color="0.5", linestyle=":", linewidth=0.8, label="radius")
    panel.set_ylim(0, top)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
