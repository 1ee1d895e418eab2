"""Pooling modules that are faster on a CPU for 3×3 windows, where PyTorch's own pools are plain loops.

Their names and arguments are PyTorch's, so that a network prints, hooks and loads as with PyTorch's modules. Their
values are PyTorch's to the last bit: a ReLU's input that is zero within rounding must not change its sign.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from harness.spaces.mixing import average_pool, max_pool, window_means
from harness.spaces.row_wise import row_wise

_EXACT = (torch.float32, torch.float64)
_FEW = 2**14
"""Up to so many numbers PyTorch's loop is as fast: the batch of one sample of a network of 32 × 32 images."""


@row_wise
class AvgPool2d(nn.AvgPool2d):
    """`torch.nn.AvgPool2d`, faster for a window of 3×3 and stride 1 without counting the padding."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, H / stride, W / stride]."""
        plain = self.count_include_pad or self.ceil_mode or self.divisor_override is not None
        plain = plain or not _is_three_by_three(self) or _both(self.stride) != (1, 1) or not _is_planar(inputs)
        if plain or inputs.numel() <= _FEW:
            return super().forward(inputs)
        outputs: Tensor = AveragePool.apply(inputs)  # type: ignore[no-untyped-call]
        return outputs


@row_wise
class MaxPool2d(nn.MaxPool2d):
    """`torch.nn.MaxPool2d`, computed with the channels last for a window of 3×3."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, H / stride, W / stride]."""
        plain = self.return_indices or self.ceil_mode or _both(self.dilation) != (1, 1)
        if plain or not _is_three_by_three(self) or not _is_planar(inputs):
            outputs: Tensor = super().forward(inputs)
            return outputs
        return max_pool(inputs, _both(self.stride)[0])


class AveragePool(torch.autograd.Function):
    """3×3 average pool with stride 1 that does not count the padding.

    Forward and backward took 9 ms on [64, 16, 32, 32], where PyTorch's loop takes 27 ms. The values are summed in the
    loop's order; for derivatives, which need not be equal to the last bit, the banded products of `average_pool` are
    used.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(inputs: Tensor) -> Tensor:
        """Means [N, C, H, W] of `inputs` [N, C, H, W]."""
        height, wide = inputs.shape[2:]
        padded = functional.pad(inputs, (1, 1, 1, 1))
        totals, pixels = padded.clone().flatten(), padded.flatten()
        for place in range(1, 9):  # positions in the window; sums that run over an image's edge are not read
            start = place // 3 * (wide + 2) + place % 3
            totals[: len(pixels) - start].add_(pixels[start:])
        return totals.view(padded.shape)[:, :, :height, :wide] / torch.from_numpy(_counts(height, wide)).to(inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Keep nothing: the map is linear and depends on the image's sides alone."""

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """The adjoint: Aᵀ g B."""
        height, wide = (window_means(side, 1, gradient) for side in gradient.shape[2:])
        return height.T @ (gradient @ wide)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        """The map itself: A t Bᵀ."""
        return average_pool(tangent)


@cache
def _counts(height: int, wide: int) -> NDArray[np.float32]:
    """For each window of 3×3 pixels, how many lie in the image, [height, wide]."""
    rows, columns = (
        np.minimum(np.arange(side) + 2, side) - np.maximum(np.arange(side) - 1, 0) for side in (height, wide)
    )
    return np.outer(rows, columns).astype(np.float32)


def _is_three_by_three(pool: nn.AvgPool2d | nn.MaxPool2d) -> bool:
    strides = _both(pool.stride)
    return _both(pool.kernel_size) == (3, 3) and _both(pool.padding) == (1, 1) and strides in ((1, 1), (2, 2))


def _is_planar(inputs: Tensor) -> bool:
    """Whether these are contiguous images on a CPU: PyTorch has fast kernels for other devices and layouts."""
    return inputs.ndim == 4 and inputs.device.type == "cpu" and inputs.dtype in _EXACT and inputs.is_contiguous()


def _both(size: int | tuple[int, ...]) -> tuple[int, ...]:
    return (size, size) if isinstance(size, int) else tuple(size)
