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


def feature_maps(network: nn.Module, inputs: Tensor) -> list[np.ndarray]:
    """Output [C, positions] of every module call with positions, for the first input."""
    found: list[np.ndarray] = []

    def record(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(output, Tensor) and output.ndim > 2:
            found.append(output[0].detach().reshape(output.shape[1], -1).numpy().copy())

    handles = [module.register_forward_hook(record) for module in network.modules()]
    network(inputs.clone())
    for handle in handles:
        handle.remove()
    return found


def smallest_eigenvalue(rows: np.ndarray) -> float:
    """λ_min of NumPy's correlation matrix; 0 for a single position."""
    if rows.shape[1] < 2:
        return 0.0
    with np.errstate(all="ignore"):
        correlations = np.atleast_2d(np.corrcoef(rows))
    correlations[~np.isfinite(correlations)] = 0
    return float(np.linalg.eigvals(correlations).real.min())


def meco(network: nn.Module, inputs: Tensor) -> float:
    """Σ over module calls of λ_min of NumPy's correlation matrix of the first sample's channels."""
    return sum(map(smallest_eigenvalue, feature_maps(network, inputs)))


def meco_opt(network: nn.Module, inputs: Tensor, draw: Callable[[int], list[int]]) -> float:
    """Σ over module calls of C / 8 times λ_min of eight channels; `draw` gives an order of C channels."""
    total = 0.0
    for rows in feature_maps(network, inputs):
        drawn = draw(len(rows))[:8]
        total += len(rows) / len(drawn) * smallest_eigenvalue(rows[drawn])
    return total


def dextr(network: nn.Module, image: Tensor, plane: Tensor, shape: tuple[int, ...]) -> float:
    """Dextr with feature maps of an image, and the curve of all outputs over a plane [D, 2] of images of a shape."""
    collinear = 0.0
    for rows in feature_maps(network, image):
        values = np.linalg.svd(rows, compute_uv=False)
        collinear += values.min() / values.max() if values.max() > 0 else 0.0
    angle = torch.zeros((), dtype=torch.float64, requires_grad=True)
    outputs = network((plane @ torch.stack([angle.cos(), angle.sin()])).reshape(shape)).flatten()
    velocity, acceleration = [], []
    for output in outputs:
        (first,) = torch.autograd.grad(output, angle, create_graph=True)
        (second,) = torch.autograd.grad(first, angle, retain_graph=True)
        velocity.append(float(first.detach()))
        acceleration.append(float(second.detach()))
    v, a = np.array(velocity), np.array(acceleration)
    curvature = math.sqrt((v @ v) * (a @ a) - (v @ a) ** 2) / (v @ v) ** 1.5
    one, other = math.log(1 + collinear), math.log(1 + curvature)
    return one * other / (one + other)
