"""Parameters and multiply-adds of a DARTS network in closed form, without building it.

A multiply-add counts 1. Convolutions and the classifier (with its bias) count; batch norm, pooling and sums do not.
The authors' code prints 3.349342 million parameters for DARTS_V2 at 20 cells and C = 36, without the auxiliary head.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import SpaceError
from harness.spaces.darts.genotype import INPUTS, NODES, Genotype
from harness.spaces.darts.layout import (
    AUXILIARY_CHANNELS,
    DILATED_KERNELS,
    SEPARABLE_KERNELS,
    STEM_MULTIPLIER,
    CellShape,
    cell_shapes,
    reductions,
)


@dataclass
class _Tally:
    parameters: int = 0
    macs: int = 0

    def convolution(self, wide_in: int, wide_out: int, kernel: int, side: int, *, groups: int = 1) -> None:
        """Add the weights, and one multiply-add per weight and output pixel, of which there are `side` × `side`."""
        weights = wide_in // groups * wide_out * kernel**2
        self.parameters += weights
        self.macs += weights * side**2

    def batch_norm(self, wide: int) -> None:
        self.parameters += 2 * wide

    def linear(self, features: int, classes: int) -> None:
        self.parameters += features * classes + classes
        self.macs += features * classes + classes


def parameter_count(
    genotype: Genotype, *, classes: int, width: int, depth: int, channels: int, stem: str, auxiliary: bool
) -> int:
    """Number of trainable parameters, batch norm's scale and shift included."""
    tally = _tally(genotype, classes, width, depth, channels, stem, side=0)
    if auxiliary:
        _auxiliary_head(tally, NODES * width * (2 if len({*reductions(depth)}) == 1 else 4), classes, stem)
    return tally.parameters


def macs(genotype: Genotype, *, classes: int, width: int, depth: int, channels: int, stem: str, image_size: int) -> int:
    """Multiply-adds (MACs) of one forward pass on one image, without the auxiliary head, which only training uses.

    Raises:
        SpaceError: for an image size that cannot be halved as often as the network requires.
    """
    halvings = len({*reductions(depth)}) + (3 if stem == "imagenet" else 0)
    if image_size % 2**halvings:
        raise SpaceError(
            f"this network halves an image {halvings} times: an image size of {image_size} is no multiple of "
            f"{2**halvings}"
        )
    return _tally(genotype, classes, width, depth, channels, stem, side=image_size).macs


def _tally(genotype: Genotype, classes: int, width: int, depth: int, channels: int, stem: str, side: int) -> _Tally:
    tally = _Tally()
    side = _stem(tally, channels, width, stem, side)
    for shape in cell_shapes(width, depth, stem):
        _cell(tally, genotype, shape, side)
        side = side // 2 if shape.halves else side
    tally.linear(shape.wide_out, classes)
    return tally


def _stem(tally: _Tally, channels: int, width: int, stem: str, side: int) -> int:
    """Count the stem; the side of its output."""
    if stem != "imagenet":
        tally.convolution(channels, STEM_MULTIPLIER * width, 3, side)
        tally.batch_norm(STEM_MULTIPLIER * width)
        return side
    for wide_in, wide_out in ((channels, width // 2), (width // 2, width), (width, width)):
        side //= 2
        tally.convolution(wide_in, wide_out, 3, side)
        tally.batch_norm(wide_out)
    return side


def _cell(tally: _Tally, genotype: Genotype, shape: CellShape, side: int) -> None:
    """Count one cell with inputs of side `side`; in a reduction cell, the operations on the two inputs halve it."""
    wide, halves = shape.wide, shape.halves
    for wide_in in (shape.wide_before, shape.wide_last):
        # a factorised reduction has two convolutions of half the channels, which count as one of all channels
        tally.convolution(wide_in, wide, 1, side)
        tally.batch_norm(wide)
    small = side // 2 if halves else side
    for operation, source in genotype.reduce if halves else genotype.normal:
        if operation in SEPARABLE_KERNELS:
            for _ in range(2):
                _separated(tally, wide, SEPARABLE_KERNELS[operation], small)
        elif operation in DILATED_KERNELS:
            _separated(tally, wide, DILATED_KERNELS[operation], small)
        elif operation == "skip_connect" and halves and source < INPUTS:
            tally.convolution(wide, wide, 1, small)
            tally.batch_norm(wide)


def _separated(tally: _Tally, wide: int, kernel: int, side: int) -> None:
    tally.convolution(wide, wide, kernel, side, groups=wide)
    tally.convolution(wide, wide, 1, side)
    tally.batch_norm(wide)


def _auxiliary_head(tally: _Tally, wide: int, classes: int, stem: str) -> None:
    narrow, broad = AUXILIARY_CHANNELS
    tally.convolution(wide, narrow, 1, 1)
    tally.batch_norm(narrow)
    tally.convolution(narrow, broad, 2, 1)
    if stem != "imagenet":
        tally.batch_norm(broad)
    tally.linear(broad, classes)
