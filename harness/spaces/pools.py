"""PyTorch's 3×3 pools as modules that take the fast ways of `harness.spaces.mixing` on a CPU.

Their names and arguments are PyTorch's, so that a network prints, hooks and loads as if it were made of those.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.spaces.mixing import average_pool, max_pool

_EXACT = (torch.float32, torch.float64)


class AvgPool2d(nn.AvgPool2d):
    """`torch.nn.AvgPool2d`, to rounding: as a banded product where the window is 3×3 and the padding does not count."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, H / stride, W / stride]."""
        plain = self.count_include_pad or self.ceil_mode or self.divisor_override is not None
        if plain or not _is_three_by_three(self) or not _is_planar(inputs):
            return super().forward(inputs)
        return average_pool(inputs, _both(self.stride)[0])


class MaxPool2d(nn.MaxPool2d):
    """`torch.nn.MaxPool2d`, computed with the channels last where the window is 3×3."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, H / stride, W / stride]."""
        plain = self.return_indices or self.ceil_mode or _both(self.dilation) != (1, 1)
        if plain or not _is_three_by_three(self) or not _is_planar(inputs):
            outputs: Tensor = super().forward(inputs)
            return outputs
        return max_pool(inputs, _both(self.stride)[0])


def _is_three_by_three(pool: nn.AvgPool2d | nn.MaxPool2d) -> bool:
    strides = _both(pool.stride)
    return _both(pool.kernel_size) == (3, 3) and _both(pool.padding) == (1, 1) and strides in ((1, 1), (2, 2))


def _is_planar(inputs: Tensor) -> bool:
    """Whether these are images on a CPU, a channel after the other: other devices and layouts have fast kernels."""
    return inputs.ndim == 4 and inputs.device.type == "cpu" and inputs.dtype in _EXACT and inputs.is_contiguous()


def _both(size: int | tuple[int, ...]) -> tuple[int, ...]:
    return (size, size) if isinstance(size, int) else tuple(size)
