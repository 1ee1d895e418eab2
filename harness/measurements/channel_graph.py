"""NASGraph's graph of a small network of the architecture: nodes are the channels of layers (Huang et al. 2024).

Legend: C channels that a layer reads or gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from harness.errors import HarnessError, NotApplicable
from harness.measurements.own_weights import generator_for
from harness.setting import Setting
from harness.spaces.nasbench201.cell import EDGES, NODES, OPERATIONS
from harness.spaces.nasbench201.network import CellModule, NasBench201Network, ReductionBlock

WIDTH, DEPTH, SIDE, CHANNELS = 16, 1, 32, 3
"""Size of the network, and of its images: one cell in each stage, 16 channels, images of 32 × 32 pixels."""


class Layer(NamedTuple):
    """A layer of a network, and where it reads.

    Attributes:
        module: maps [N, C, H, W] to the layer's output.
        channels: channels that it reads.
        side: height and width of what it reads.
        sources: places of the layers whose outputs are added up for it; none for the input.
    """

    module: nn.Module
    channels: int
    side: int
    sources: tuple[int, ...]


def channel_graph(rebuild: Callable[..., nn.Module], setting: Setting) -> Tensor:
    """Numbers of edges of each node in the graph of a small network's channels, [nodes], for nodes with any.

    An edge leads from a channel of a layer to one of a layer that reads it, where a plane of ones in the one, zeros in
    all others, gives the other a sum that is not zero: after a ReLU, if there is a convolution. Weights are standard
    normal, there is no batch norm, and each layer is tried by itself. So a layer that hands nothing on has edges from
    its channels: what reads them is tried with ones.

    Raises:
        NotApplicable: where the network is not one of NAS-Bench-201's cells, or cannot be built in that size.

    Cost: for each layer, one forward pass of as many planes as it has channels.
    """
    generator = generator_for(setting, "channel graph")
    layers = list(_layers(_bare(_built(rebuild))))
    answers = []
    for layer in layers:
        for weight in layer.module.parameters():
            weight.data = torch.randn(weight.shape, generator=generator, dtype=torch.float32, device="cpu")
        answers.append(_edges(layer))
    degrees = [torch.zeros(answer.shape[1], dtype=torch.int64, device="cpu") for answer in answers]
    for place, (layer, answer) in enumerate(zip(layers, answers, strict=True)):
        degrees[place] += len(layer.sources) * answer.sum(dim=0)
        for source in layer.sources:
            degrees[source] += answer.sum(dim=1)
    counted = torch.cat(degrees)
    return counted[counted > 0]


def _built(rebuild: Callable[..., nn.Module]) -> NasBench201Network:
    try:
        network = rebuild(width=WIDTH, depth=DEPTH, channels=CHANNELS, seed=0)
    except HarnessError as error:
        raise NotApplicable(f"NASGraph's network of width {WIDTH} cannot be built in this space: {error}") from None
    if not isinstance(network, NasBench201Network):
        raise NotApplicable(
            "the graph of channels is that of networks of NAS-Bench-201's cells; how layers of other spaces are joined "
            "has rules of its own, which are not here"
        )
    others = {name for cell in network.cells if isinstance(cell, CellModule) for name in cell.operations}
    if others := others.difference(OPERATIONS):
        raise NotApplicable(
            f"the graph of channels is that of NAS-Bench-201's five operations; which nodes {min(others)} has is "
            "defined nowhere"
        )
    return network


def _bare(network: NasBench201Network) -> NasBench201Network:
    """The network on the CPU, its batch norm replaced by the identity."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
    return network.to("cpu", torch.float32)


def _layers(network: NasBench201Network) -> Iterator[Layer]:
    """The layers in order: the input, the stem, and for each block its operations; the last of all reads the cell."""
    side, wide = SIDE, WIDTH
    yield Layer(nn.Identity(), CHANNELS, side, ())
    yield Layer(network.stem, CHANNELS, side, (0,))
    count, read = 2, [1]
    for block in network.cells:
        if isinstance(block, ReductionBlock):
            yield Layer(block.conv_a, wide, side, tuple(read))
            yield Layer(block.conv_b, 2 * wide, side // 2, (count,))
            yield Layer(block.downsample, wide, side, tuple(read))
            side, wide, count, read = side // 2, 2 * wide, count + 3, [count + 1, count + 2]
        else:
            assert isinstance(block, CellModule)
            nodes = [list(read), *([] for _ in range(NODES - 1))]
            for (target, source), operation in zip(EDGES, block.layers, strict=True):
                yield Layer(operation, wide, side, tuple(nodes[source]))
                nodes[target].append(count)
                count += 1
            read = nodes[-1]
    yield Layer(nn.Identity(), wide, side, tuple(read))


@torch.no_grad()
def _edges(layer: Layer) -> Tensor:
    """Whether a plane of ones in a channel gives another one a sum that is not zero, [C, C] of 0 and 1."""
    ones = torch.eye(layer.channels, dtype=torch.float32, device="cpu")[:, :, None, None]
    planes = layer.module(ones.expand(-1, -1, layer.side, layer.side))
    if any(isinstance(module, nn.Conv2d) for module in layer.module.modules()):
        planes = planes.relu()
    answer: Tensor = (planes.sum(dim=(2, 3)) != 0).long()
    return answer
