"""EZNAS-A the slow way: determinants in whole numbers, gradients by copies of what layers read.

Imports nothing under test. A network is used in the mode it is in; its running statistics stay.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def determinant(matrix: list[list[int]]) -> int:
    """Bareiss's elimination: every division is exact."""
    rows, sign, before = [list(row) for row in matrix], 1, 1
    for place in range(len(rows) - 1):
        pivot = next((row for row in range(place, len(rows)) if rows[row][place]), None)
        if pivot is None:
            return 0
        if pivot != place:
            rows[place], rows[pivot], sign = rows[pivot], rows[place], -sign
        for row in range(place + 1, len(rows)):
            for column in range(place + 1, len(rows)):
                product = rows[row][column] * rows[place][place] - rows[row][place] * rows[place][column]
                rows[row][column] = product // before
        before = rows[place][place]
    return sign * rows[-1][-1]


def norm(gradient: Tensor, absolute: bool = False) -> float:
    """Root of the sum of squares of d / (1 + d), 1/2 for a negative d, over the matrices of the last two axes."""
    total = 0.0
    for matrix in gradient.sign().long().flatten(0, -3).tolist():
        found = determinant(matrix)
        found = abs(found) if absolute else found
        total += 0.25 if found < 0 else (found / (1 + found)) ** 2
    return math.sqrt(total)


def norms_behind_relus(network: nn.Module, inputs: Tensor) -> list[float]:
    """By call of a trainable convolution that reads a ReLU's output; each such call reads a copy of its own."""
    network = copy.deepcopy(network)
    rectified: list[Tensor] = []
    read: list[Tensor] = []

    def copied(module: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if not any(given[0] is output for output in rectified):
            return given
        read.append(given[0] * 1)
        return (read[-1],)

    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda module, given, output: rectified.append(output))
        if isinstance(module, CONVOLUTIONS) and any(each.requires_grad for each in module.parameters()):
            module.register_forward_pre_hook(copied)
    total = network(inputs.clone().requires_grad_()).sum()
    passed = list(read)  # a checkpointed layer that is called again adds more
    known = [each for each in passed if each.requires_grad]  # zeros of an edge `none` do not
    found = dict(zip(map(id, known), torch.autograd.grad(total, known, allow_unused=True), strict=True))
    gradients = [found.get(id(each)) for each in passed]
    return [0.0 if each is None else norm(each * (of > 0)) for each, of in zip(gradients, passed, strict=True)]


def norms_of_weights(network: nn.Module, inputs: Tensor, labels: Tensor) -> list[float]:
    """By trainable convolution with square kernels, in the network's order."""
    network = copy.deepcopy(network)
    weights = [module.weight for module in network.modules() if isinstance(module, CONVOLUTIONS)]
    weights = [weight for weight in weights if weight.requires_grad and weight.shape[-1] == weight.shape[-2]]
    loss = functional.cross_entropy(network(inputs.clone()), labels)
    found = torch.autograd.grad(loss, weights, allow_unused=True, materialize_grads=True)
    return [norm(gradient, absolute=True) for gradient in found]
