"""The operations of a DARTS cell as modules, named as in the authors' code so that its state dictionaries load."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.errors import SettingError
from harness.spaces.darts.genotype import NONE
from harness.spaces.darts.layout import DILATED_KERNELS, SEPARABLE_KERNELS
from harness.spaces.nasbench201.network import Zero
from harness.spaces.pools import AvgPool2d, MaxPool2d
from harness.spaces.row_wise import row_wise


def operation_module(operation: str, wide: int, stride: int) -> nn.Module:
    """The module of one operation, [N, wide, H, W] to [N, wide, H / stride, W / stride]."""
    if operation in SEPARABLE_KERNELS:
        return SeparableConvolution(wide, SEPARABLE_KERNELS[operation], stride)
    if operation in DILATED_KERNELS:
        return DilatedConvolution(wide, DILATED_KERNELS[operation], stride)
    if operation == "max_pool_3x3":
        return MaxPool2d(3, stride=stride, padding=1)
    if operation == "avg_pool_3x3":
        return AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)
    if operation == NONE:
        return Zero(stride)
    return nn.Identity() if stride == 1 else FactorizedReduce(wide, wide)


@row_wise
class ReLUConvBN(nn.Module):
    """ReLU, 1×1 convolution without bias, batch norm."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.op = nn.Sequential(nn.ReLU(), nn.Conv2d(wide_in, wide_out, 1, bias=False), nn.BatchNorm2d(wide_out))

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide_in, H, W] to [N, wide_out, H, W]."""
        outputs: Tensor = self.op(inputs)
        return outputs


@row_wise
class SeparableConvolution(nn.Module):
    """ReLU, depthwise convolution, pointwise convolution, batch norm; twice, the first with the stride."""

    def __init__(self, wide: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.op = nn.Sequential(
            *_separated(wide, kernel, stride, dilation=1), *_separated(wide, kernel, stride=1, dilation=1)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide, H, W] to [N, wide, H / stride, W / stride]."""
        outputs: Tensor = self.op(inputs)
        return outputs


@row_wise
class DilatedConvolution(nn.Module):
    """ReLU, depthwise convolution with dilation 2 and the stride, pointwise convolution, batch norm."""

    def __init__(self, wide: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.op = nn.Sequential(*_separated(wide, kernel, stride, dilation=2))

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide, H, W] to [N, wide, H / stride, W / stride]."""
        outputs: Tensor = self.op(inputs)
        return outputs


@row_wise
class FactorizedReduce(nn.Module):
    """ReLU, two concatenated 1×1 convolutions with stride 2 (the second shifted by one pixel), batch norm."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv_1 = nn.Conv2d(wide_in, wide_out // 2, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(wide_in, wide_out // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(wide_out)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide_in, H, W] to [N, wide_out, H / 2, W / 2]; H and W must be even."""
        check_even(inputs)
        active = self.relu(inputs)
        outputs: Tensor = self.bn(torch.cat([self.conv_1(active), self.conv_2(active[:, :, 1:, 1:])], dim=1))
        return outputs


def check_even(inputs: Tensor) -> None:
    """Refuse features [N, C, H, W] that a factorised reduction cannot halve."""
    if inputs.shape[2] % 2 or inputs.shape[3] % 2:
        raise SettingError(
            f"a factorised reduction halves an even side, got {list(inputs.shape[2:])}: "
            "take an image size that can be halved twice, such as 32"
        )


def _separated(wide: int, kernel: int, stride: int, dilation: int) -> list[nn.Module]:
    padding = dilation * (kernel - 1) // 2
    return [
        nn.ReLU(),
        nn.Conv2d(wide, wide, kernel, stride, padding, dilation, groups=wide, bias=False),
        nn.Conv2d(wide, wide, 1, bias=False),
        nn.BatchNorm2d(wide),
    ]
