"""The network of an architecture of the MoD-NAS space: an unrolled, model-guided denoiser.

With y the noisy image and x its present estimate, beginning with x = y, each of T stages denoises by one network D that
all stages share, v = x + D(x), then takes a gradient step of ½‖y − x‖² + η/2 ‖x − v‖², with its own δ and η:

    x ← (1 − δ − η) v + η x + δ y

D is a 3x3 convolution to C channels with ReLU, the block of nodes, and a 3x3 convolution to the image's channels. All
convolutions but the depthwise ones have biases; there is no batch norm. See `harness.spaces.mod_nas` for what of this
is published.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from harness.spaces.mod_nas.notation import ModNasArchitecture, Node, channels_of
from harness.spaces.row_wise import row_wise

START = 0.1
"""δ and η of every stage before training."""


def _conv(wide_in: int, wide_out: int, kernel: int = 3, dilation: int = 1, groups: int = 1) -> nn.Conv2d:
    padding = dilation * (kernel // 2)
    return nn.Conv2d(wide_in, wide_out, kernel, padding=padding, dilation=dilation, groups=groups, bias=groups == 1)


@row_wise
class FirstChannels(nn.Module):
    """Copies the first channels: the others of a wider input are cut off, those of a wider output are 0."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.wide_in, self.wide_out = wide_in, wide_out

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide_in, H, W] to [N, wide_out, H, W]."""
        if self.wide_out <= self.wide_in:
            return inputs[:, : self.wide_out]
        missing = inputs.new_zeros(len(inputs), self.wide_out - self.wide_in, *inputs.shape[2:])
        return torch.cat((inputs, missing), dim=1)


@row_wise
class ResidualPair(nn.Module):
    """The first channels of the input and two 3x3 convolutions of it, with ReLU between them and after the sum."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.around = FirstChannels(wide_in, wide_out)
        self.main = nn.Sequential(_conv(wide_in, wide_out), nn.ReLU(), _conv(wide_out, wide_out))
        self.activation = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide_in, H, W] to [N, wide_out, H, W]."""
        outputs: Tensor = self.activation(self.around(inputs) + self.main(inputs))
        return outputs


def operation_module(operation: str, wide_in: int, wide_out: int) -> nn.Module:
    """The module of an operation: [N, wide_in, H, W] to [N, wide_out, H, W]."""
    if operation == "skip_connect":
        return nn.Identity() if wide_in == wide_out else FirstChannels(wide_in, wide_out)
    if operation == "residual_3x3":
        return ResidualPair(wide_in, wide_out)
    if operation == "sep_conv_3x3":
        return nn.Sequential(_conv(wide_in, wide_in, groups=wide_in), _conv(wide_in, wide_out, 1), nn.ReLU())
    return nn.Sequential(_conv(wide_in, wide_out, dilation=2 if operation == "dil_conv_3x3" else 1), nn.ReLU())


@row_wise
class Block(nn.Module):
    """The nodes of an architecture; each sums its operations, and the last is the output."""

    def __init__(self, nodes: tuple[Node, ...], width: int) -> None:
        super().__init__()
        self.wide_out = channels_of(width, nodes[-1].quarters)
        self.sources = tuple(tuple(source for _, source in node.terms) for node in nodes)
        wide = (width, *(channels_of(width, node.quarters) for node in nodes))
        self.nodes = nn.ModuleList(
            nn.ModuleList(operation_module(operation, wide[source], wide[number]) for operation, source in node.terms)
            for number, node in enumerate(nodes, start=1)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, C, H, W] to the channels of the last node."""
        features = [inputs]
        for operations, sources in zip(cast("list[nn.ModuleList]", self.nodes), self.sources, strict=True):
            terms = [operation(features[source]) for operation, source in zip(operations, sources, strict=True)]
            features.append(sum(terms[1:], terms[0]))
        return features[-1]


@row_wise
class DataConsistency(nn.Module):
    """The affine step (1 − δ − η) v + η x + δ y of one stage, with its own δ and η."""

    def __init__(self) -> None:
        super().__init__()
        self.delta = nn.Parameter(torch.tensor(START))
        self.eta = nn.Parameter(torch.tensor(START))

    def forward(self, denoised: Tensor, estimate: Tensor, noisy: Tensor) -> Tensor:
        """The next estimate, from v, x and y of one shape."""
        return (1 - self.delta - self.eta) * denoised + self.eta * estimate + self.delta * noisy


@row_wise
class Replaced(nn.Module):
    """A stage without data consistency: the denoised image is the next estimate."""

    def forward(self, denoised: Tensor, estimate: Tensor, noisy: Tensor) -> Tensor:
        """The denoised image."""
        return denoised


@row_wise
class Unrolled(nn.Module):
    """Stages that share one denoiser: images [N, channels, H, W] to images of the same shape.

    Args:
        denoiser: D, which maps images to what is added to them.
        stages: T, number of stages.
        consistent: whether each stage ends with a step of data consistency.
    """

    def __init__(self, denoiser: nn.Module, stages: int, *, consistent: bool = True) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.steps = nn.ModuleList(DataConsistency() if consistent else Replaced() for _ in range(stages))

    def forward(self, noisy: Tensor) -> Tensor:
        """The last stage's estimate; it is not clipped."""
        estimate = noisy
        for step in self.steps:
            estimate = step(estimate + self.denoiser(estimate), estimate, noisy)
        return estimate


def denoiser(block: nn.Module, channels: int, width: int, wide_out: int) -> nn.Sequential:
    """D: a convolution to `width` channels with ReLU, a block to `wide_out` channels, and one to the image's."""
    return nn.Sequential(_conv(channels, width), nn.ReLU(), block, _conv(wide_out, channels))


def mod_nas_network(
    architecture: ModNasArchitecture, *, channels: int = 1, width: int = 16, depth: int = 2, consistent: bool = True
) -> Unrolled:
    """The network of an architecture.

    Args:
        architecture: the block of D.
        channels: channels of the images.
        width: C, channels of the block's input.
        depth: T, number of stages.
        consistent: whether stages end with a step of data consistency.
    """
    block = Block(architecture.nodes, width)
    return Unrolled(denoiser(block, channels, width, block.wide_out), depth, consistent=consistent)
