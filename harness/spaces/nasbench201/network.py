"""The network of a NAS-Bench-201 cell.

Stem, three stages of `depth` cells at width C, 2C, 4C with a residual reduction block before the second and the third,
then BN, ReLU, global average pool and a linear classifier (Dong & Yang 2020, figure 1).

Module names are those of the release's networks, so the release's own state dictionaries load with `strict=True`.
Parameters come in the order stem, cells and reduction blocks (edges 1←0, 2←0, 2←1, 3←0, 3←1, 3←2; conv a, conv b,
shortcut conv; a convolution before its BN), last BN, classifier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import NamedTuple

import torch
from torch import Tensor, nn

from harness.spaces.nasbench201.cell import EDGES, NODES
from harness.spaces.pools import AvgPool2d
from harness.spaces.row_wise import row_wise


class _Rectified(NamedTuple):
    """A ReLU's input and output, with the state that tells whether the output still belongs to the input."""

    node: Tensor
    output: Tensor
    state: tuple[int, int, bool]


_rectified: ContextVar[list[_Rectified] | None] = ContextVar("rectified", default=None)
"""Nodes whose ReLU the running cell has computed so far, None outside a cell. Each thread has its own."""


@row_wise
class NodeReLU(nn.ReLU):
    """A ReLU that, while its cell runs, shares its output with the other ReLUs of the cell that read the same node.

    The network has as many ReLU modules as the release's, and each is called, but the values are computed, and kept for
    the backward pass, once per node. Called by itself it is a plain ReLU. After a hook has changed a node or an output
    in place, the next ReLU computes its values again; the values that an earlier edge has read are then changed too,
    and its backward pass raises an error.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """ReLU of `inputs`."""
        known = _rectified.get()
        if known is None or inputs.is_inference() or torch.is_inference_mode_enabled():  # such tensors have no version
            return super().forward(inputs)
        for node, output, state in known:
            if node is inputs and state == _state(inputs, output):
                return output
        output = super().forward(inputs)
        known.append(_Rectified(inputs, output, _state(inputs, output)))
        return output


def _state(node: Tensor, output: Tensor) -> tuple[int, int, bool]:
    return node._version, output._version, torch.is_grad_enabled()


@row_wise
class ReLUConvBN(nn.Module):
    """ReLU, convolution without bias, batch norm."""

    def __init__(
        self, wide_in: int, wide_out: int, kernel: int, stride: int = 1, activation: nn.ReLU | None = None
    ) -> None:
        super().__init__()
        self.op = nn.Sequential(
            activation or nn.ReLU(),
            nn.Conv2d(wide_in, wide_out, kernel, stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(wide_out),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide_in, H, W] to [N, wide_out, H / stride, W / stride]."""
        outputs: Tensor = self.op(inputs)
        return outputs


@row_wise
class Zero(nn.Module):
    """The operation `none`.

    Args:
        stride: number by which it divides the side.
    """

    def __init__(self, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, C, H, W] to zeros [N, C, H / stride, W / stride]."""
        return torch.zeros_like(inputs if self.stride == 1 else inputs[:, :, :: self.stride, :: self.stride])


def operation_module(operation: str, wide: int, activation: nn.ReLU | None = None) -> nn.Module:
    """The module of one edge's operation, [N, wide, H, W] to the same shape."""
    if operation == "none":
        return Zero()
    if operation == "skip_connect":
        return nn.Identity()
    if operation == "avg_pool_3x3":
        return AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return ReLUConvBN(wide, wide, {"nor_conv_1x1": 1, "nor_conv_3x3": 3}[operation], activation=activation)


OperationModule = Callable[[str, int, "nn.ReLU | None"], nn.Module]
"""The module of an operation by its name, its channels, and the ReLU that it is to begin with."""


@row_wise
class CellModule(nn.Module):
    """One cell: each node sums its edges' operations; the last node is the output."""

    def __init__(self, operations: Sequence[str], wide: int, module: OperationModule = operation_module) -> None:
        super().__init__()
        self.operations = tuple(operations)
        self.layers = nn.ModuleList(module(operation, wide, NodeReLU()) for operation in operations)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide, H, W] to the same shape."""
        token = _rectified.set([])
        try:
            return self._output(inputs)
        finally:
            _rectified.reset(token)

    def _output(self, inputs: Tensor) -> Tensor:
        nodes = [inputs]
        for target in range(1, NODES):
            terms = [
                layer(nodes[source])
                for (node, source), layer, operation in zip(EDGES, self.layers, self.operations, strict=True)
                if node == target and operation != "none"
            ]
            nodes.append(sum(terms[1:], terms[0]) if terms else self.zeros(inputs))
        return nodes[-1]

    def zeros(self, inputs: Tensor) -> Tensor:
        """The value of a node that no operation enters."""
        return torch.zeros_like(inputs)


@row_wise
class ReductionBlock(nn.Module):
    """The residual block that halves the side and doubles the width."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.conv_a = ReLUConvBN(wide_in, wide_out, kernel=3, stride=2)
        self.conv_b = ReLUConvBN(wide_out, wide_out, kernel=3)
        self.downsample = nn.Sequential(
            nn.AvgPool2d(2, stride=2, ceil_mode=True), nn.Conv2d(wide_in, wide_out, kernel_size=1, bias=False)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide_in, H, W] to [N, wide_out, H / 2, W / 2]."""
        main: Tensor = self.conv_b(self.conv_a(inputs))
        shortcut: Tensor = self.downsample(inputs)
        return main + shortcut


def image_stem(channels: int, width: int) -> nn.Sequential:
    """The stem, images [N, channels, H, W] to features [N, width, H, W]."""
    return nn.Sequential(nn.Conv2d(channels, width, kernel_size=3, padding=1, bias=False), nn.BatchNorm2d(width))


def stages(cell: Callable[[int], nn.Module], width: int, depth: int) -> nn.ModuleList:
    """Three stages of `depth` cells, with a reduction block before the second and the third; `cell` takes the width."""
    blocks: list[nn.Module] = []
    for wide in (width, 2 * width, 4 * width):
        if blocks:
            blocks.append(ReductionBlock(wide // 2, wide))
        blocks.extend(cell(wide) for _ in range(depth))
    return nn.ModuleList(blocks)


def last_activation(wide: int) -> nn.Sequential:
    """Batch norm and ReLU of the last stage's features."""
    return nn.Sequential(nn.BatchNorm2d(wide), nn.ReLU())


@row_wise
class NasBench201Network(nn.Module):
    """A classifier of cells of these operations: [N, channels, H, W] to logits [N, classes]."""

    def __init__(
        self,
        operations: Sequence[str],
        module: OperationModule = operation_module,
        /,
        *,
        classes: int = 10,
        width: int = 16,
        depth: int = 5,
        channels: int = 3,
    ) -> None:
        super().__init__()
        self.stem = image_stem(channels, width)
        self.cells = stages(lambda wide: CellModule(operations, wide, module), width, depth)
        self.lastact = last_activation(4 * width)
        self.classifier = nn.Linear(4 * width, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [N, classes] of images [N, channels, H, W]."""
        features: Tensor = self.stem(inputs)
        for block in self.cells:
            features = block(features)
        logits: Tensor = self.classifier(self.lastact(features).mean(dim=(2, 3)))
        return logits
