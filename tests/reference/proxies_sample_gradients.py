"""GradSign, ZiCo and HNAS's second-order metric the slow way, from their definitions: what is read off gradients.

Loops over samples, batches and weights; imports nothing under test. A network is used in whatever mode it is in, and
its running statistics move.
"""

from __future__ import annotations

import copy
import math

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
