"""Zen-NAS, AZ-NAS and MeCo the slow way, from their definitions: what is read off feature maps.

Loops over samples, positions and modules; imports nothing under test. A network is used in whatever mode it is in, and
its running statistics move.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn


def zen(network: nn.Module, features: Callable[[Tensor], Tensor], inputs: Tensor, noise: Tensor) -> float:
    """Zen-score with the weights that the network has; `features` runs it up to the pooling."""
    with torch.no_grad():
        before, after = features(inputs), features(inputs + 0.01 * noise)
    distance = sum(float((a - b).abs().sum()) for a, b in zip(before, after, strict=True)) / len(inputs)
    scale = 0.0
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            scale += math.log(math.sqrt(float(sum(module.running_var) / len(module.running_var))))
    return math.log(distance) + scale


def entropy(features: Tensor) -> float:
    """Entropy of the eigenvalue shares of the channels' covariance of [N, C, H, W]."""
    channels = features.shape[1]
    rows = features.detach().permute(0, 2, 3, 1).reshape(-1, channels).numpy()
    values = np.linalg.eigvals(np.cov(rows, rowvar=False, bias=True).reshape(channels, channels)).real
    shares = np.maximum(values, 0) / np.maximum(values, 0).sum()
    return float(-(shares * np.log(shares + 1e-8)).sum())


def jacobian_norm(before: Tensor, after: Tensor, signs: Tensor) -> float:
    """Spectral norm of the mean of g_in g_outᵀ: an outer product for each sample and position, with its input block."""
    (gradient,) = torch.autograd.grad(after, before, signs, retain_graph=True)
    samples, _, high, wide = signs.shape
    stride = gradient.shape[2] // high
    total = 0.0
    for n, i, j in itertools.product(range(samples), range(high), range(wide)):
        block = gradient[n, :, i * stride : (i + 1) * stride, j * stride : (j + 1) * stride]
        total = total + torch.outer(block.flatten(), signs[n, :, i, j])
    mean = (total / (samples * high * wide)).numpy()
    return float(np.sqrt(np.linalg.eigvalsh(mean.T @ mean).max()))


def meco(network: nn.Module, inputs: Tensor) -> float:
    """Σ over module calls of λ_min of NumPy's correlation matrix of the first sample's channels."""
    found: list[float] = []

    def record(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        rows = output[0].detach().reshape(output.shape[1], -1).numpy()
        if rows.shape[1] < 2:
            return
        with np.errstate(all="ignore"):
            correlations = np.atleast_2d(np.corrcoef(rows))
        correlations[~np.isfinite(correlations)] = 0
        found.append(float(np.linalg.eigvals(correlations).real.min()))

    handles = [module.register_forward_hook(record) for module in network.modules()]
    network(inputs.clone())
    for handle in handles:
        handle.remove()
    return sum(found)
