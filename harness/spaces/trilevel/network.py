"""The network of an architecture of the trilevel space (Wu et al. 2021), as their search's code builds it.

A 3x3 convolution to C channels, the cells and upsamplings of the path, a tail, then (tanh + 1) / 2, so that values lie
from 0 to 1. No batch norm; operations have no biases, the other convolutions have. A cell adds 0.2 of what its five
operations make to its input. In form A an upsampling repeats each pixel 2 x 2 times, then convolves (LeakyReLU 0.2),
and the tail convolves to the image's channels. In form B it only convolves, and the tail convolves to 16 times the
channels and rearranges them into 4 x 4 pixels.

`skip` between equal widths is the identity here, as its name says, and so is the way around a `residual` or a
`dwsblock`. The code of AGD (Fu et al. 2020), on which the authors build, and a repository derived from theirs have a
1x1 convolution with ReLU in every `skip`; their supernet has one around each `residual`, too, which their derived
networks lack, so that the two differ at equal weights. Ours do not. A 1x1 convolution would add up to 4.2 % of the
parameters to the six architectures that the authors' code names. Which of the two the paper has was not seen.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.restoration.enlarging import Enlarged
from harness.spaces.row_wise import row_wise
from harness.spaces.trilevel.notation import SCALE, CellChoices, TrilevelArchitecture
from harness.spaces.trilevel.widths import channels_of

EXPANSION = 4
"""Channels inside `dwsblock` by channels before it."""
STEP = 0.2
"""Share of a cell's operations that is added to its input."""
_SLOPE = 0.2


row_wise(Enlarged)


def _conv(wide_in: int, wide_out: int, kernel: int, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(wide_in, wide_out, kernel, padding=kernel // 2, groups=groups, bias=False)


@row_wise
class Shortcut(nn.Module):
    """An operation with a way around it, a 1x1 convolution where widths differ; ReLU after the sum."""

    def __init__(self, wide_in: int, wide_out: int, main: nn.Module) -> None:
        super().__init__()
        self.main = main
        self.around: nn.Module = nn.Identity() if wide_in == wide_out else _conv(wide_in, wide_out, 1)
        self.activation = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide_in, H, W] to [N, wide_out, H, W]."""
        outputs: Tensor = self.activation(self.main(inputs) + self.around(inputs))
        return outputs


def operation_module(operation: int, wide_in: int, wide_out: int) -> nn.Module:
    """The module of an operation, an index into `OPERATIONS`: [N, wide_in, H, W] to [N, wide_out, H, W]."""
    if operation == 0:
        return nn.Identity() if wide_in == wide_out else nn.Sequential(_conv(wide_in, wide_out, 1), nn.ReLU())
    if operation == 1:
        return nn.Sequential(_conv(wide_in, wide_out, 3), nn.ReLU())
    if operation == 2:
        main = nn.Sequential(_conv(wide_in, wide_out, 3), nn.ReLU(), _conv(wide_out, wide_out, 3))
        return Shortcut(wide_in, wide_out, main)
    inside = EXPANSION * wide_in
    depthwise = _conv(inside, inside, 3, groups=inside)
    main = nn.Sequential(_conv(wide_in, inside, 1), nn.ReLU(), depthwise, nn.ReLU(), _conv(inside, wide_out, 1))
    return Shortcut(wide_in, wide_out, main)


@row_wise
class Cell(nn.Module):
    """Five operations after each other, 0.2 of which are added to their input."""

    def __init__(self, choices: CellChoices, width: int) -> None:
        super().__init__()
        channels = channels_of(width)
        self.operations = nn.Sequential(
            *(operation_module(operation, channels[before], channels[after])
              for operation, before, after in choices.steps())
        )  # fmt: skip

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape."""
        outputs: Tensor = inputs + STEP * self.operations(inputs)
        return outputs


@row_wise
class Upsampling(nn.Module):
    """Twice the height and width by repetition, then a 3x3 convolution and LeakyReLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.activation = nn.LeakyReLU(_SLOPE)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, 2H, 2W]."""
        repeated = functional.interpolate(inputs, scale_factor=2, mode="nearest")
        outputs: Tensor = self.activation(self.conv(repeated))
        return outputs


@row_wise
class Tail(nn.Module):
    """The end of a network: features to images of values about 0 to 1.

    Args:
        form: in form A the features are large already, in form B a pixel of them becomes s x s.
        channels: channels of an image.
        width: channels of the features, C.
        scale: s.
        on_bicubic: whether images are the bicubic enlargement of the input and what the convolution adds to it, which
            is ours; otherwise they are (tanh + 1) / 2 of what it makes.
    """

    def __init__(self, form: str, channels: int, width: int, scale: int, *, on_bicubic: bool) -> None:
        super().__init__()
        enlarging = form == "A"
        self.conv = nn.Conv2d(width, channels if enlarging else channels * scale**2, 3, padding=1)
        self.rearranged: nn.Module = nn.Identity() if enlarging else nn.PixelShuffle(scale)
        self.base: nn.Module | None = Enlarged(scale) if on_bicubic else None

    def begin_empty(self) -> None:
        """Set the convolution to 0, so that a network on the bicubic enlargement begins its training with that."""
        for weight in self.conv.parameters():
            nn.init.zeros_(weight)

    def forward(self, features: Tensor, inputs: Tensor) -> Tensor:
        """Images [N, channels, sH, sW] of features [N, C, H, W] and the network's input [N, channels, H, W]."""
        made: Tensor = self.rearranged(self.conv(features))
        if self.base is None:
            return (torch.tanh(made) + 1) / 2
        on_base: Tensor = self.base(inputs) + made
        return on_base


@row_wise
class TrilevelNetwork(nn.Module):
    """A network of the trilevel space: images [N, channels, H, W] to [N, channels, sH, sW], values about 0 to 1."""

    def __init__(
        self,
        architecture: TrilevelArchitecture,
        *,
        channels: int = 3,
        width: int = 64,
        scale: int = SCALE,
        on_bicubic: bool = False,
    ) -> None:
        super().__init__()
        enlarging = architecture.form == "A"
        self.stem = nn.Conv2d(channels, width, 3, padding=1)
        choices = iter(architecture.cells)
        self.body = nn.Sequential()
        for step in architecture.path:
            if step == 0:
                self.body.append(Cell(next(choices), width))
            else:
                self.body.append(Upsampling(width) if enlarging else nn.Conv2d(width, width, 3, padding=1))
        self.tail = Tail(architecture.form, channels, width, scale, on_bicubic=on_bicubic)

    def forward(self, inputs: Tensor) -> Tensor:
        """Images [N, channels, sH, sW]."""
        restored: Tensor = self.tail(self.body(self.stem(inputs)), inputs)
        return restored
