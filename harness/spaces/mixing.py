"""Building blocks of mixed edges: weighted sums and norms, fast pools, partial channels.

Legend: N samples, C channels, H and W sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from harness.errors import SpaceError

Term = tuple[Tensor, "Tensor | None"]
"""A term of a node's sum: features [N, C, H, W], and the scalar weight to multiply them by; None for 1."""


def summed(terms: Sequence[Term]) -> Tensor:
    """Weighted sum Σ weight · features of at least one term; each product and sum is one operation."""
    plain = [features for features, weight in terms if weight is None]
    weighted = [(features, weight) for features, weight in terms if weight is not None]
    if plain:
        total = sum(plain[1:], plain[0])
    else:
        (features, weight), *weighted = weighted
        total = features * weight
    for features, weight in weighted:
        total = torch.addcmul(total, features, weight)
    return total


def weighted_norm(outputs: Tensor, weights: Tensor) -> Tensor:
    """Batch norm without parameters, times one weight per block of channels: the terms of several edges at once.

    Args:
        outputs: features of B blocks of C channels, [N, B · C, H, W].
        weights: one weight per block, [B].

    Returns:
        w_b · (x − mean) / sqrt(variance + 1e-5), of the shape of `outputs`. The weight is passed as batch norm's scale,
        so that its gradient needs no product and no second copy of the features.
    """
    scale = weights.repeat_interleave(outputs.shape[1] // len(weights))
    return functional.batch_norm(outputs, None, None, scale, None, training=True)


def average_pool(inputs: Tensor, stride: int = 1) -> Tensor:
    """3×3 average pool without the padding: A x Bᵀ for each channel, with banded matrices A and B.

    Equal up to rounding to `avg_pool2d(inputs, 3, stride, 1, count_include_pad=False)`. On a CPU that is a plain loop:
    forward and backward took 25 ms on [64, 16, 32, 32], the two products 3.5 ms. With the channels last and stride 1,
    neighbours are added in place instead, along one side and then the other.

    Args:
        inputs: features, [N, C, H, W].
        stride: stride of the windows, 1 or 2.
    """
    if stride == 1 and channels_last(inputs):
        sums: Tensor = NeighbourSums.apply(inputs)  # type: ignore[no-untyped-call]
        return sums * torch.from_numpy(_window_shares(*inputs.shape[2:])).to(inputs)
    height, width = (window_means(side, stride, inputs) for side in inputs.shape[2:])
    return height @ (inputs @ width.T)


def channels_last(features: Tensor) -> bool:
    """Whether features [N, C, H, W] lie in memory as [N, H, W, C], and not as [N, C, H, W] too."""
    return features.is_contiguous(memory_format=torch.channels_last) and not features.is_contiguous()


class NeighbourSums(torch.autograd.Function):
    """Sums over windows of 3×3 neighbours, fewer at the border, of features [N, C, H, W]; it is its own adjoint."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor) -> Tensor:
        """The sums, first along H and then along W."""
        rows = inputs.clone()
        rows[:, :, 1:] += inputs[:, :, :-1]
        rows[:, :, :-1] += inputs[:, :, 1:]
        sums = rows.clone()
        sums[..., 1:] += rows[..., :-1]
        sums[..., :-1] += rows[..., 1:]
        return sums

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """The sums of the gradient."""
        found: Tensor = NeighbourSums.apply(gradient)  # type: ignore[no-untyped-call]
        return found


def max_pool(inputs: Tensor, stride: int = 1) -> Tensor:
    """3×3 max pool, `max_pool2d(inputs, 3, stride, 1)`, computed with the channels last; the layout stays.

    On a CPU only that layout is vectorised: forward and backward took 13 ms instead of 33 ms on [64, 16, 32, 32].
    """
    if channels_last(inputs):
        return functional.max_pool2d(inputs, 3, stride, 1)
    return functional.max_pool2d(inputs.contiguous(memory_format=torch.channels_last), 3, stride, 1).contiguous()


def window_means(side: int, stride: int, like: Tensor) -> Tensor:
    """Matrix [side / stride, side] of means over windows of three neighbours, fewer at the border."""
    return torch.from_numpy(_window_means(side, stride)).to(like)


@cache
def _window_shares(height: int, width: int) -> NDArray[np.float64]:
    """For each window of 3×3 pixels, one over the number of its pixels that lie in the image, [height, width]."""
    rows, columns = ((_window_means(side, 1) > 0).sum(axis=1) for side in (height, width))
    shares: NDArray[np.float64] = 1 / np.outer(rows, columns)
    return shares


@cache
def _window_means(side: int, stride: int) -> NDArray[np.float64]:
    inside = np.abs(np.arange(side) - np.arange(0, side, stride)[:, None]) <= 1
    means: NDArray[np.float64] = inside / inside.sum(axis=1, keepdims=True)
    return means


def normalise_by_batch(network: nn.Module, *, affine: bool) -> None:
    """Remove the running statistics of every batch norm of `network`, and, without `affine`, scale and shift."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
    if not affine:
        remove_scale_and_shift(network)


def remove_scale_and_shift(network: nn.Module) -> None:
    """Remove scale and shift of every batch norm of `network`."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.affine = False
            module.register_parameter("weight", None)
            module.register_parameter("bias", None)


def narrowed(wide: int, partial: int) -> int:
    """Number of channels that the operations read: one of `partial` equal parts (PC-DARTS).

    Raises:
        SpaceError: if `partial` does not divide the channels.
    """
    if isinstance(partial, bool) or not isinstance(partial, int) or partial < 1 or wide % partial:
        raise SpaceError(f"partial must divide the channels of the first stage, {wide}; got {partial!r}")
    return wide // partial


def shuffled(features: Tensor, groups: int) -> Tensor:
    """Channel shuffle: channel g · C + c of [N, groups · C, H, W] moves to c · groups + g (PC-DARTS)."""
    count, wide, *sides = features.shape
    return features.reshape(count, groups, wide // groups, *sides).transpose(1, 2).reshape(count, wide, *sides)
