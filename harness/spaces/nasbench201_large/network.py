"""The operations of a nasbench201-large cell as modules; the network around the cells is NAS-Bench-201's.

A cell whose operations are all NAS-Bench-201's has NAS-Bench-201's own network, weight for weight.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from harness.spaces.nasbench201 import network as nasbench201
from harness.spaces.nasbench201.cell import OPERATIONS
from harness.spaces.nasbench201_large.convolutions import CONVOLUTIONS, Convolution
from harness.spaces.pools import MaxPool2d
from harness.spaces.row_wise import row_wise


def operation_module(operation: str, wide: int, activation: nn.ReLU | None = None) -> nn.Module:
    """The module of one edge's operation, [N, wide, H, W] to the same shape."""
    if operation in OPERATIONS:
        return nasbench201.operation_module(operation, wide, activation)
    if operation == "max_pool_3x3":
        return MaxPool2d(3, stride=1, padding=1)
    return ReLUConvsBN(CONVOLUTIONS[operation](wide), activation)


@row_wise
class ReLUConvsBN(nn.Module):
    """ReLU, convolutions without bias one after the other, batch norm."""

    def __init__(self, convolutions: Sequence[Convolution], activation: nn.ReLU | None = None) -> None:
        super().__init__()
        self.op = nn.Sequential(
            activation or nn.ReLU(), *map(conv2d, convolutions), nn.BatchNorm2d(convolutions[-1].wide_out)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape."""
        outputs: Tensor = self.op(inputs)
        return outputs


def conv2d(convolution: Convolution) -> nn.Conv2d:
    """The layer of a convolution."""
    wide_in, wide_out, kernel, groups, dilation = convolution
    return nn.Conv2d(
        wide_in, wide_out, kernel, padding=convolution.padding, dilation=dilation, groups=groups, bias=False
    )
