"""What mixed edges are computed with: weighted sums and norms, fast pools, channels that pass by.

Legend: N samples, C channels, H and W sides.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.errors import SpaceError

Term = tuple[Tensor, "Tensor | None"]
"""A term of a node's sum: features [N, C, H, W], and the weight [] that is still to be multiplied; None for 1."""


def summed(terms: Sequence[Term]) -> Tensor:
    """Σ weight · features, at least one term; products and sums in one sweep."""
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
    """Batch norm without parameters, times a weight for each block of channels: Σ's terms of several edges at once.

    Args:
        outputs: [N, B · C, H, W], blocks of C channels.
        weights: [B].

    Returns:
        w_b · (x − mean) / sqrt(variance + 1e-5), of the shape of `outputs`. The weight enters as batch norm's scale,
        whose gradient is the one by the weight: no product and no second copy of the features.
    """
    scale = weights.repeat_interleave(outputs.shape[1] // len(weights))
    return functional.batch_norm(outputs, None, None, scale, None, training=True)


def average_pool(inputs: Tensor, stride: int = 1) -> Tensor:
    """Mean over the pixels of each 3×3 window that lie in the image: A x Bᵀ for each channel, with banded A and B.

    What `avg_pool2d(inputs, 3, stride, 1, count_include_pad=False)` gives to rounding. On a CPU that one is a plain
    loop: forward and backward it took 25 ms on [64, 16, 32, 32], the two products 3.5.

    Args:
        inputs: [N, C, H, W].
        stride: 1 or 2.
    """
    height, width = (window_means(side, stride, inputs) for side in inputs.shape[2:])
    return height @ (inputs @ width.T)


def max_pool(inputs: Tensor, stride: int = 1) -> Tensor:
    """`max_pool2d(inputs, 3, stride, 1)`, computed with the channels last.

    On a CPU only that layout runs in vectors: forward and backward took 13 ms instead of 33 on [64, 16, 32, 32].
    """
    return functional.max_pool2d(inputs.contiguous(memory_format=torch.channels_last), 3, stride, 1).contiguous()


def window_means(side: int, stride: int, like: Tensor) -> Tensor:
    """Matrix [side / stride, side] that takes the mean over windows of three in a row, fewer at the border."""
    centres = torch.arange(0, side, stride, device=like.device)[:, None]
    inside = ((torch.arange(side, device=like.device) - centres).abs() <= 1).to(like.dtype)
    return inside / inside.sum(dim=1, keepdim=True)


def normalise_by_batch(network: nn.Module, *, affine: bool) -> None:
    """Take the running statistics from every batch norm of `network`, and without `affine` its scale and shift."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
            if not affine:
                module.affine = False
                module.register_parameter("weight", None)
                module.register_parameter("bias", None)


def narrowed(wide: int, partial: int) -> int:
    """Channels that the operations read: the first of `partial` equal parts (PC-DARTS).

    Raises:
        SpaceError: if the channels have no such parts.
    """
    if isinstance(partial, bool) or not isinstance(partial, int) or partial < 1 or wide % partial:
        raise SpaceError(f"partial must divide the channels of the first stage, {wide}; got {partial!r}")
    return wide // partial


def shuffled(features: Tensor, groups: int) -> Tensor:
    """Channels [g · C + c] of [N, groups · C, H, W] at [c · groups + g], so that the next edge's first part mixes."""
    count, wide, *sides = features.shape
    return features.reshape(count, groups, wide // groups, *sides).transpose(1, 2).reshape(count, wide, *sides)
