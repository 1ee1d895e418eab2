"""T-CET the slow way, from its definition; imports nothing under test. A network is used in the mode it is in."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn


def kernels(network: nn.Module, inputs: Tensor) -> list[np.ndarray]:
    """By call of a ReLU, how many of its units two samples have in the same state."""
    found = []

    def record(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        active = (output.detach().flatten(1) > 0).numpy()
        found.append(np.array([[float((first == second).sum()) for second in active] for first in active]))

    handles = [module.register_forward_hook(record) for module in network.modules() if isinstance(module, nn.ReLU)]
    network(inputs.clone())
    for handle in handles:
        handle.remove()
    return found


def saliencies(network: nn.Module, shape: tuple[int, ...]) -> list[np.ndarray]:
    """|w ∂R/∂w| by weight, in a copy of absolute parameters whose batch norm is the identity."""
    positive = copy.deepcopy(network)
    for name, module in list(positive.named_modules()):
        if isinstance(module, nn.BatchNorm2d):
            parent, _, own = name.rpartition(".")
            setattr(positive.get_submodule(parent), own, nn.Identity())
    with torch.no_grad():
        for parameter in positive.parameters():
            parameter.abs_()
    weights = [module.weight for module in positive.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    total = positive(torch.ones(1, *shape, dtype=torch.float64)).sum()
    gradients = torch.autograd.grad(total, weights, allow_unused=True, materialize_grads=True)
    return [(weight * gradient).abs().detach().numpy() for weight, gradient in zip(weights, gradients, strict=True)]


def t_cet(network: nn.Module, inputs: Tensor) -> float:
    """Σ over pairs by place of log|det K| Σs / std(s); pairs without either count 0."""
    score = 0.0
    pairs = zip(kernels(network, inputs), saliencies(network, tuple(inputs.shape[1:])), strict=False)
    for kernel, saliency in pairs:
        sign, logarithm = np.linalg.slogdet(kernel)
        deviation = saliency.std(ddof=1) if saliency.size > 1 else 0.0
        if sign > 0 and np.linalg.matrix_rank(kernel) == len(kernel) and deviation > 0:
            score += logarithm * saliency.sum() / deviation
    return score
