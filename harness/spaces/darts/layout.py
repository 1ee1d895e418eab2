"""The fixed dimensions of a DARTS network, which its modules and its closed-form sizes share.

They are apart from the modules so that computing sizes does not import torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harness.spaces.darts.genotype import NODES

STEM_MULTIPLIER = 3
"""Channels of the CIFAR stem divided by the width C."""
AUXILIARY_CHANNELS = (128, 768)
"""Output channels of the auxiliary head's two convolutions."""
AUXILIARY_POOL = 5
"""Side of the windows of the auxiliary head's average pool."""
SEPARABLE_KERNELS = {"sep_conv_3x3": 3, "sep_conv_5x5": 5}
"""Side of the depthwise kernels, by operation."""
DILATED_KERNELS = {"dil_conv_3x3": 3, "dil_conv_5x5": 5}
"""Side of the depthwise kernel before dilation, by operation."""


class CellShape(NamedTuple):
    """The dimensions of one cell.

    Attributes:
        wide_before: channels of the cell's first input, the output of the second cell before it.
        wide_last: channels of the cell's second input, the output of the cell directly before it.
        wide: channels of each node.
        halves: whether this is a reduction cell.
        halved_last: whether the cell directly before is a reduction cell, so that the first input has twice the side.
        nodes: number of nodes that the output concatenates.
    """

    wide_before: int
    wide_last: int
    wide: int
    halves: bool
    halved_last: bool
    nodes: int = NODES

    @property
    def wide_out(self) -> int:
        """Channels of the cell's output, which concatenates the nodes."""
        return self.nodes * self.wide


def cell_shapes(width: int, depth: int, stem: str = "cifar") -> Iterator[CellShape]:
    """The cells of a network in order; the `imagenet` stem halves the side last, as a reduction cell does."""
    wide, halved_last = width, stem == "imagenet"
    wide_before = wide_last = width if stem == "imagenet" else STEM_MULTIPLIER * width
    for place in range(depth):
        halves = place in reductions(depth)
        wide = 2 * wide if halves else wide
        shape = CellShape(wide_before, wide_last, wide, halves, halved_last)
        yield shape
        wide_before, wide_last, halved_last = wide_last, shape.wide_out, halves


def reductions(depth: int) -> tuple[int, int]:
    """Positions (from 0) of the two reduction cells among `depth` cells; one position where they coincide."""
    return depth // 3, 2 * depth // 3
