"""Building blocks of mixed edges: weighted sums and norms, fast pools, partial channels.

Legend: N samples, C channels, H and W sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

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
    forward and backward took 25 ms on [64, 16, 32, 32], the two products 3.5 ms.

    Args:
        inputs: features, [N, C, H, W].
        stride: stride of the windows, 1 or 2.
    """
    height, width = (window_means(side, stride, inputs) for side in inputs.shape[2:])
    return height @ (inputs @ width.T)


def max_pool(inputs: Tensor, stride: int = 1) -> Tensor:
    """3×3 max pool, `max_pool2d(inputs, 3, stride, 1)`, computed with the channels last.

    On a CPU only that layout is vectorised: forward and backward took 13 ms instead of 33 ms on [64, 16, 32, 32].
    """
    return functional.max_pool2d(inputs.contiguous(memory_format=torch.channels_last), 3, stride, 1).contiguous()


def window_means(side: int, stride: int, like: Tensor) -> Tensor:
    """Matrix [side / stride, side] of means over windows of three neighbours, fewer at the border."""
    return torch.from_numpy(_window_means(side, stride)).to(like)


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
