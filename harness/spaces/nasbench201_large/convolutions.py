"""The operations with weights: a ReLU, one or two convolutions without bias, and a batch norm.

Between two convolutions stands nothing, as in DARTS's separable convolutions. Apart from the modules, so that computing
sizes does not import torch.

Legend: C channels of a cell's nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import gcd
from typing import NamedTuple


class Convolution(NamedTuple):
    """One convolution with stride 1, padded so that the side stays.

    Attributes:
        wide_in: channels that it reads.
        wide_out: channels that it gives.
        kernel: side of the kernel, odd.
        groups: groups of channels; as many as channels make it depthwise.
        dilation: distance of the pixels that neighbouring numbers of the kernel read.
    """

    wide_in: int
    wide_out: int
    kernel: int
    groups: int = 1
    dilation: int = 1

    @property
    def weights(self) -> int:
        """Number of weights, which is that of the multiply-adds a pixel, too."""
        return self.wide_in // self.groups * self.wide_out * self.kernel**2

    @property
    def padding(self) -> int:
        """Pixels of zero on each side."""
        return self.dilation * (self.kernel - 1) // 2


Convolutions = Callable[[int], "tuple[Convolution, ...]"]
"""The convolutions of an operation in the order of the pass, for C channels."""


def _plain(kernel: int) -> Convolutions:
    return lambda wide: (Convolution(wide, wide, kernel),)


def _bottleneck(share: int, kernel: int) -> Convolutions:
    """A 1×1 convolution to C / share channels, at least one, and a convolution back to C."""

    def convolutions(wide: int) -> tuple[Convolution, ...]:
        narrow = max(1, wide // share)
        return Convolution(wide, narrow, 1), Convolution(narrow, wide, kernel)

    return convolutions


def _grouped(groups: int, kernel: int) -> Convolutions:
    """A convolution in so many groups or, where these do not divide C, in their greatest common divisor with it."""
    return lambda wide: (Convolution(wide, wide, kernel, groups=gcd(groups, wide)),)


def _separable(kernel: int, dilation: int = 1) -> Convolutions:
    """A depthwise convolution and a 1×1 convolution, once: DARTS has its separable, not its dilated ones, twice."""
    return lambda wide: (Convolution(wide, wide, kernel, wide, dilation), Convolution(wide, wide, 1))


PLAIN = {"nor_conv_1x1": 1, "nor_conv_3x3": 3, "nor_conv_5x5": 5}
"""Sides of the kernels of the plain convolutions, by operation."""
FACTORISED: Mapping[str, Convolutions] = {
    "bot2_conv_3x3": _bottleneck(2, 3),
    "bot2_conv_5x5": _bottleneck(2, 5),
    "bot4_conv_3x3": _bottleneck(4, 3),
    "bot4_conv_5x5": _bottleneck(4, 5),
    "grp2_conv_3x3": _grouped(2, 3),
    "grp2_conv_5x5": _grouped(2, 5),
    "grp4_conv_3x3": _grouped(4, 3),
    "grp4_conv_5x5": _grouped(4, 5),
    "sep_conv_3x3": _separable(3),
    "sep_conv_5x5": _separable(5),
    "sep_conv_7x7": _separable(7),
    "dil_conv_3x3": _separable(3, dilation=2),
    "dil_conv_5x5": _separable(5, dilation=2),
    "dil_conv_7x7": _separable(7, dilation=2),
}
"""The convolutions of all other operations with weights, which have fewer of them than a plain one of that kernel."""
CONVOLUTIONS: Mapping[str, Convolutions] = {**{name: _plain(kernel) for name, kernel in PLAIN.items()}, **FACTORISED}
