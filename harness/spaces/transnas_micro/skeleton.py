"""The skeleton of all networks of TransNAS-Bench-101's micro space: five modules of equal cells.

In the authors' notation, `41414`, a module 4 doubles the channels and halves the side in its first cell, and a module 1
keeps both. The authors' modules have two cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

TILES_A_SIDE = 3
TILES = TILES_A_SIDE**2
"""Tiles that the network of the jigsaw task reads."""
HALVING = (True, False, True, False, True)
"""For each module, whether its first cell doubles the channels and halves the side."""


class Place(NamedTuple):
    """The place of one cell in a network.

    Attributes:
        wide_in: channels of the cell's input.
        wide_out: channels of its other nodes.
        stride: 2 where the edges from the input halve the side, else 1.
    """

    wide_in: int
    wide_out: int
    stride: int


def places(width: int, depth: int) -> Iterator[Place]:
    """The cells in the order of the pass, `depth` in each module, from `width` channels on."""
    wide = width
    for halving in HALVING:
        for cell in range(depth):
            before, wide = wide, 2 * wide if halving and cell == 0 else wide
            yield Place(before, wide, wide // before)


def last_width(width: int) -> int:
    """Channels of the last module."""
    return width << sum(HALVING)
