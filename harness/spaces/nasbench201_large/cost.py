"""Parameters and multiply-adds of a nasbench201-large network in closed form, counted as NAS-Bench-201's release does.

A multiply-add counts 1. Convolutions and the classifier (with its bias) count; batch norm, pooling and sums do not.
"""

from __future__ import annotations

from harness.spaces.nasbench201.cost import CellWeights, network_macs, network_parameters
from harness.spaces.nasbench201_large.cell import LargeCell
from harness.spaces.nasbench201_large.convolutions import CONVOLUTIONS


def parameter_count(cell: LargeCell, *, classes: int, width: int, depth: int, channels: int) -> int:
    """Number of trainable parameters, batch norm's scale and shift included."""
    return network_parameters(_weights(cell), classes, width, depth, channels)


def macs(cell: LargeCell, *, classes: int, width: int, depth: int, channels: int, image_size: int) -> int:
    """Multiply-adds (MACs) of one forward pass on one image of `image_size` × `image_size` pixels."""
    return network_macs(_weights(cell), classes, width, depth, channels, image_size)


def _weights(cell: LargeCell) -> CellWeights:
    operations = [CONVOLUTIONS[operation] for operation in cell.operations if operation in CONVOLUTIONS]
    return lambda wide: [sum(one.weights for one in convolutions(wide)) for convolutions in operations]
