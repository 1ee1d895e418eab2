"""Parallel convolutions of an edge that share one batch norm, as TopoNAS simplifies supernets, in our reading.

TopoNAS (Zhao, Liu and Yuan, arXiv 2408.01311) shares modules between the parallel paths of an edge and normalises
kernels. Its abstract and its page were read, not its body, and no code of it is public: what follows is our reading.

A path P_o ends in a convolution with kernel K_o and a batch norm without scale and shift, N. Instead of
    Σ_o w_o N(K_o * x_o)
an edge computes, with the sum of the weights s = Σ_o w_o,
    s · N(Σ_o (w_o / s) K̂_o * x_o),  K̂_o = K_o / ‖K_o‖ for each output channel.
The sum is one convolution, which is exact; one batch norm for all paths is not. It removes any factor common to the
kernels, so that their relative norms would decide beside w_o. Of white inputs the variance of K * x is ‖K‖², so K̂_o is
what a batch norm of its own would do to the path. The factor s is our choice too: an edge with one weight computes that
path alone, with K̂_o.

Legend: C channels, P paths, k kernel side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from harness.spaces.supernet import Mixture

_AT_LEAST = 2  # a path by itself has nobody to share with


def merged_columns(mixture: Mixture, edge: int, columns: Sequence[int]) -> list[int]:
    """The operations of an edge that share a batch norm in this pass; empty where each path runs by itself.

    They do where at least two are computed and their weights do not sum to zero. At s = 0 the shared form has no
    derivative by the weights; the paths by themselves have the value 0 and the one-sided derivatives of that form.
    Weights without values, on PyTorch's device `meta`, are taken to sum to something else.

    Args:
        mixture: weights of the edge's group.
        edge: the edge's row.
        columns: columns of the operations that can share.
    """
    live = [column for column in columns if mixture.computed[edge][column]]
    weights = mixture.coefficients.detach()
    by_themselves = len(live) < _AT_LEAST or (not weights.is_meta and float(weights[edge, live].sum()) == 0)
    return [] if by_themselves else live


def unit_kernels(kernels: Tensor) -> Tensor:
    """Kernels [C, C_in, k, k] with L2 norm 1 over (C_in, k, k) for each output channel; a kernel of zeros stays so."""
    return functional.normalize(kernels.flatten(1), dim=1).view_as(kernels)


def unit_pointwise(pointwise: Tensor, depthwise: Tensor) -> Tensor:
    """Pointwise kernels after which the composed convolution has L2 norm 1 for each output channel.

    A pointwise convolution A [C, C, 1, 1] of a depthwise one B [C, 1, k, k] is one convolution with the kernels
    K[o, i] = A[o, i] B[i], so that ‖K[o]‖² = Σ_i A[o, i]² ‖B[i]‖².

    Returns:
        A divided by these norms, [C, C, 1, 1].
    """
    squares = depthwise.flatten(1).square().sum(dim=1)
    norms = (pointwise.flatten(1).square() @ squares).clamp_min(torch.finfo(pointwise.dtype).tiny).sqrt()
    return pointwise / norms[:, None, None, None]


def summed_kernels(shares: Tensor, kernels: Sequence[Tensor]) -> Tensor:
    """Σ_p share_p · pad(K_p): one convolution for P convolutions of the same features.

    Args:
        shares: share of each path on each of E edges, [E, P].
        kernels: for each path, the kernels of all edges below each other, [E · C, C_in, k_p, k_p], k_p odd.

    Returns:
        Kernels [E · C, C_in, k, k], k the largest side; smaller kernels lie in the middle.
    """
    side = max(kernel.shape[-1] for kernel in kernels)
    factors = shares.repeat_interleave(len(kernels[0]) // len(shares), dim=0)
    scaled = (kernel * factors[:, path, None, None, None] for path, kernel in enumerate(kernels))
    padded = [functional.pad(kernel, ((side - kernel.shape[-1]) // 2,) * 4) for kernel in scaled]
    return sum(padded[1:], padded[0])
