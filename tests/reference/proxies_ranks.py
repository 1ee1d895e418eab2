"""NEAR and L-SWAG the slow way, from their definitions; imports nothing under test.

A network is used in whatever mode it is in, and its running statistics move.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


def effective_rank(matrix: np.ndarray) -> float:
    """Two to the entropy, in bits, of the shares of the singular values."""
    values = np.linalg.svd(matrix, compute_uv=False).tolist()
    if sum(values) == 0:
        return 0.0
    shares = [value / sum(values) for value in values]
    return 2 ** -sum(share * math.log2(share) for share in shares if share > 0)


def outputs(network: nn.Module, inputs: Tensor, kinds: tuple[type, ...]) -> list[np.ndarray]:
    """Outputs of modules of these kinds as rows: one row for each sample and position, a column for each channel."""
    found = []

    def record(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        rows = []
        for sample in output.detach().numpy():
            places = sample.reshape(len(sample), -1) if sample.ndim > 1 else sample[:, None]
            rows += [places[:, place] for place in range(places.shape[1])]
        found.append(np.array(rows))

    handles = [module.register_forward_hook(record) for module in network.modules() if isinstance(module, kinds)]
    network(inputs.clone())
    for handle in handles:
        handle.remove()
    return found


def near(network: nn.Module, inputs: Tensor, start: Callable[[int], int]) -> float:
    """Σ erank of layers' outputs but the last layer's, and of ReLUs' outputs.

    Args:
        network: network whose last call of a layer is its classifier.
        inputs: inputs [N, 3, H, W].
        start: which run of rows is read, among so many.
    """
    total = 0.0
    layers = outputs(network, inputs, (nn.Conv2d, nn.Linear))[:-1]
    for rows in [*layers, *outputs(network, inputs, (nn.ReLU,))]:
        size = rows.shape[1]
        first = size * start(len(rows) // size)
        total += effective_rank(rows[first : first + size])
    return total


def l_swag(network: nn.Module, batches: list[tuple[Tensor, Tensor]], patterns: int) -> float:
    """Λ × Ψ over any number of batches, Ψ given."""
    layers = [module.weight for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    sizes = []
    for inputs, labels in batches:
        loss = functional.cross_entropy(network(inputs.clone()), labels)
        found = torch.autograd.grad(loss, layers, allow_unused=True, materialize_grads=True)
        sizes.append([each.abs().numpy().ravel() for each in found])
    total = 0.0
    for layer in zip(*sizes, strict=True):
        inverse = [1 / math.sqrt(variance) for variance in np.var(np.stack(layer), axis=0) if variance > 0]
        if inverse:
            total += math.log(sum(inverse))
    return total * patterns
