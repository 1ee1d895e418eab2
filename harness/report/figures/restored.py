"""Crops of restored images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.report.figures.page import empty_page
from harness.report.figures.style import PAGE_WIDTH_INCHES, STYLE

_TILE_INCHES, _TITLE_INCHES = 1.3, 0.3


class Tile(NamedTuple):
    """A crop of an image in a figure: its name, its pixels [H, W] of 0 to 255, and the PSNR in dB of the whole image.

    The PSNR is None for what has none: the small image, and the true one.
    """

    name: str
    pixels: NDArray[Any]
    psnr: float | None = None


def crops_figure(rows: Sequence[tuple[str, Sequence[Tile]]], note: str) -> Figure:
    """Crops of images, one row an image: as it is given, restored in several ways, and as it is.

    Args:
        rows: name of each image, and its tiles, as many for each.
        note: what the numbers are.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    height = len(rows) * (_TILE_INCHES + _TITLE_INCHES)
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, height, note)
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
