"""Parameters and multiply-adds of the network of a wired cell in closed form; conventions as in `darts.cost`."""

from __future__ import annotations

from harness.spaces.darts.layout import DILATED_KERNELS, SEPARABLE_KERNELS, STEM_MULTIPLIER, CellShape
from harness.spaces.darts.wiring.cell import WiredCell
from harness.spaces.space import Sizes


def shapes(width: int, depth: int, nodes: int) -> list[CellShape]:
    """The cells of a network in order: none halves the side, all have the same width."""
    wide_before = wide_last = STEM_MULTIPLIER * width
    found = []
    for _ in range(depth):
        found.append(CellShape(wide_before, wide_last, width, halves=False, halved_last=False, nodes=nodes))
        wide_before, wide_last = wide_last, found[-1].wide_out
    return found


def sizes(
    cell: WiredCell, nodes: int, *, classes: int, width: int, depth: int, channels: int, image_size: int
) -> Sizes:
    """Trainable parameters and multiply-adds: every convolution keeps the side, only the stem's norm has parameters."""
    stem = STEM_MULTIPLIER * width
    weights = channels * stem * 9
    for shape in shapes(width, depth, nodes):
        weights += (shape.wide_before + shape.wide_last) * width
        weights += sum(_weights(operation, width) for operation in cell.operations)
    linear = nodes * width * classes
    return Sizes(weights + 2 * stem + linear, weights * image_size**2 + linear)


def _weights(operation: str, wide: int) -> int:
    if operation in SEPARABLE_KERNELS:
        return 2 * (SEPARABLE_KERNELS[operation] ** 2 * wide + wide * wide)
    if operation in DILATED_KERNELS:
        return DILATED_KERNELS[operation] ** 2 * wide + wide * wide
    return 0
