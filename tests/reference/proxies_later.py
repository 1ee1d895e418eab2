"""Zen-NAS, SWAP, TE-NAS's regions, KNAS, GradSign, ZiCo, MeCo and AZ-NAS the slow way, from their definitions.

Loops over samples, positions, weights and pairs; imports nothing under test. A network is used in whatever mode it is
in, and its running statistics move.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


def weights(network: nn.Module) -> dict[str, nn.Parameter]:
    """Weights of convolutions and linear layers, a shared one once."""
    seen: dict[str, nn.Parameter] = {}
    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)) and all(module.weight is not other for other in seen.values()):
            seen[name] = module.weight
    return seen


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


def sign_agreement(network: nn.Module, inputs: Tensor, labels: Tensor) -> int:
    """GradSign: one batch of one after the other."""
    parameters = list(weights(network).values())
    totals = [torch.zeros_like(parameter) for parameter in parameters]
    for n in range(len(inputs)):
        loss = functional.cross_entropy(network(inputs[n : n + 1].clone()), labels[n : n + 1])
        for total, gradient in zip(totals, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True):
            if gradient is not None:
                total += torch.sign(gradient)
    return round(sum(float(total.abs().sum()) for total in totals))


def zico(network: nn.Module, batches: list[tuple[Tensor, Tensor]]) -> float:
    """ZiCo over any number of batches, deviation over them by NumPy."""
    parameters = weights(network)
    rows = []
    for inputs, labels in batches:
        loss = functional.cross_entropy(network(inputs.clone()), labels)
        gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True, materialize_grads=True)
        rows.append([gradient.numpy().ravel() for gradient in gradients])
    score = 0.0
    for layer in zip(*rows, strict=True):
        stacked = np.stack(layer)
        deviation = np.std(stacked, axis=0)
        ratios = np.abs(stacked).mean(axis=0)[deviation > 0] / deviation[deviation > 0]
        if ratios.sum() > 0:
            score += math.log(ratios.sum())
    return score


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


def signs(network: nn.Module, inputs: Tensor) -> list[list[bool]]:
    """A row a sample: which of all units behind nn.ReLU modules are active."""
    rows: list[list[bool]] = [[] for _ in inputs]

    def record(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        for row, sample in zip(rows, output, strict=True):
            row.extend(bool(value > 0) for value in sample.flatten())

    handles = [module.register_forward_hook(record) for module in network.modules() if isinstance(module, nn.ReLU)]
    network(inputs.clone())
    for handle in handles:
        handle.remove()
    return rows


def hessian_gradient_product(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """θᵀ H g over the weights: the second directional derivative along θ and g, by central differences of gradients."""
    step = 1e-7
    moved = copy.deepcopy(network)

    def gradient() -> list[Tensor]:
        loss = functional.cross_entropy(moved(inputs.clone()), labels)
        return list(torch.autograd.grad(loss, list(weights(moved).values()), allow_unused=True, materialize_grads=True))

    direction = gradient()
    start = {name: weight.detach().clone() for name, weight in weights(moved).items()}
    shifted = []
    for sign in (1, -1):
        with torch.no_grad():
            for (name, weight), slope in zip(weights(moved).items(), direction, strict=True):
                weight.copy_(start[name] + sign * step * slope)
        shifted.append(gradient())
    return sum(
        float((weight * (plus - minus) / (2 * step)).sum())
        for weight, plus, minus in zip(start.values(), *shifted, strict=True)
    )
