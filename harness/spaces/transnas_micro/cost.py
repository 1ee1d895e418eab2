"""Parameters and multiply-adds of a network of TransNAS-Bench-101's micro space in closed form.

A multiply-add counts 1. Convolutions and the classifier (with its bias) count; batch norm, pooling and sums do not. The
parameters are those that NAS-Bench-Suite-Zero prints (Krishnakumar et al. 2022; there 63 classes): 22.372959 million
for 2_32_323.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.spaces.nasbench201.cell import EDGES
from harness.spaces.transnas_micro.cell import MicroCell
from harness.spaces.transnas_micro.skeleton import Place, last_width, places

_KERNEL_SIZES = {"nor_conv_1x1": 1, "nor_conv_3x3": 9}


def parameter_count(cell: MicroCell, *, classes: int, width: int, depth: int, channels: int) -> int:
    """Trainable parameters, batch norm's scale and shift included."""
    half = width // 2
    count = 9 * channels * half + 2 * half + 9 * half * width + 2 * width
    for place in places(width, depth):
        count += sum(weights + 2 * place.wide_out for weights in _weights(cell, place))
    return count + classifier_size(width, classes)


def macs(cell: MicroCell, *, classes: int, width: int, depth: int, channels: int, image_size: int) -> int:
    """Multiply-adds (MACs) of one forward pass on one image of `image_size` × `image_size` pixels."""
    half = width // 2
    side = (image_size + 1) // 2
    count = 9 * channels * half * side**2
    side = (side + 1) // 2
    count += 9 * half * width * side**2
    for place in places(width, depth):
        side = (side + place.stride - 1) // place.stride
        count += sum(_weights(cell, place)) * side**2
    return count + classifier_size(width, classes)


def classifier_size(width: int, classes: int) -> int:
    """Parameters of the linear classifier, and its multiply-adds, which are as many."""
    return (last_width(width) + 1) * classes


def _weights(cell: MicroCell, place: Place) -> Iterator[int]:
    """For each operation with weights, the weights of its convolutions; all run on the side that the cell puts out."""
    for (_, source), operation in zip(EDGES, cell.operations, strict=True):
        wide_in = place.wide_in if source == 0 else place.wide_out
        reduces = operation == "skip_connect" and source == 0 and place.stride > 1
        if operation in _KERNEL_SIZES or reduces:
            yield _KERNEL_SIZES.get(operation, 1) * wide_in * place.wide_out
