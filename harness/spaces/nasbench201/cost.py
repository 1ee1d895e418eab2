"""Parameters and multiply-adds of a NAS-Bench-201 network in closed form, as the release counts them.

A multiply-add counts 1. Convolutions and the classifier (with its bias) count; batch norm, pooling and sums do not.
The release's own numbers for CIFAR-10 (C = 16, N = 5): index 0 has 129,306 parameters and 15,647,370 multiply-adds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from harness.spaces.nasbench201.cell import Cell

_KERNEL = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
STAGES = 3


def parameter_count(cell: Cell, *, classes: int, width: int, depth: int, channels: int) -> int:
    """Number of trainable parameters, batch norm's scale and shift included."""
    return _parameters(_kernels(cell), classes, width, depth, channels)


def macs(cell: Cell, *, classes: int, width: int, depth: int, channels: int, image_size: int) -> int:
    """Multiply-adds (MACs) of one forward pass on one image of `image_size` × `image_size` pixels."""
    return _macs(_kernels(cell), classes, width, depth, channels, image_size)


CellWeights = Callable[[int], Sequence[int]]
"""For the channels of a cell's nodes, the weights of each of its operations that has convolutions.

Every convolution keeps the side, and each such operation ends in a batch norm.
"""


def network_parameters(cell: CellWeights, classes: int, width: int, depth: int, channels: int) -> int:
    """`parameter_count` of a network of these cells."""
    count = channels * width * 9 + 2 * width
    for stage in range(STAGES):
        wide = width << stage
        if stage:
            count += _reduction_weights(wide) + 2 * (2 * wide)
        count += depth * sum(weights + 2 * wide for weights in cell(wide))
    return count + 2 * wide + wide * classes + classes


def network_macs(cell: CellWeights, classes: int, width: int, depth: int, channels: int, image_size: int) -> int:
    """`macs` of a network of these cells."""
    side = image_size
    count = channels * width * 9 * side**2
    for stage in range(STAGES):
        wide = width << stage
        if stage:
            side = (side + 1) // 2
            count += _reduction_weights(wide) * side**2
        count += depth * sum(cell(wide)) * side**2
    return count + wide * classes + classes


def _kernels(cell: Cell) -> tuple[int, ...]:
    """Sides of the kernels in rising order, of which all cells together have 28."""
    return tuple(sorted(_KERNEL[operation] for operation in cell.operations if operation in _KERNEL))


@lru_cache
def _parameters(kernels: tuple[int, ...], *shape: int) -> int:
    return network_parameters(_weights(kernels), *shape)


@lru_cache
def _macs(kernels: tuple[int, ...], *shape: int) -> int:
    return network_macs(_weights(kernels), *shape)


def _weights(kernels: tuple[int, ...]) -> CellWeights:
    return lambda wide: [(wide * kernel) ** 2 for kernel in kernels]


def _reduction_weights(wide: int) -> int:
    half = wide // 2
    return 9 * half * wide + 9 * wide * wide + half * wide
