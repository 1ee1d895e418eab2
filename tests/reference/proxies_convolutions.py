"""InTrain and ZiCo-BC's correction the slow way, from their definitions; imports nothing under test.

A network is used in whatever mode it is in, and its running statistics move. Each convolution that batch norm follows
stands directly before it in a container.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


def followed(network: nn.Module) -> list[tuple[nn.Conv2d, nn.Module]]:
    """Each convolution with the batch norm behind it, or itself where there is none."""
    found: dict[nn.Conv2d, nn.Module] = {each: each for each in network.modules() if isinstance(each, nn.Conv2d)}
    for container in network.modules():
        children = list(container.children()) if isinstance(container, nn.Sequential) else []
        for first, second in itertools.pairwise(children):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                found[first] = second
    return list(found.items())


def outputs(network: nn.Module, inputs: Tensor, modules: list[nn.Module]) -> list[np.ndarray]:
    """Outputs [N, C, H, W] of these modules, in the order of their calls."""
    found: list[np.ndarray] = []
    handles = [
        module.register_forward_hook(lambda _, arguments, output: found.append(output.detach().numpy().copy()))
        for module in modules
    ]
    network(inputs.clone())
    for handle in handles:
        handle.remove()
    return found


def participation_ratio(output: np.ndarray) -> float:
    """(Σ λ)² / Σ λ² of the eigenvalues of NumPy's covariance of the channels, with 1e-10 on the diagonal."""
    rows = np.moveaxis(output, 1, -1).reshape(-1, output.shape[1])
    covariance = np.atleast_2d(np.cov(rows, rowvar=False, bias=True)) + 1e-10 * np.eye(output.shape[1])
    values = np.linalg.eigvalsh(covariance)
    return float(values.sum() ** 2 / (values**2).sum())


def intrain(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """γ (1 + o) / log(L + 1); gradients below a millionth of the largest do not count."""
    ratios = [participation_ratio(each) for each in outputs(network, inputs, [norm for _, norm in followed(network)])]
    loss = functional.cross_entropy(network(inputs.clone()), labels)
    gradients = torch.autograd.grad(loss, list(network.parameters()), allow_unused=True, materialize_grads=True)
    largest = max(float(gradient.abs().max()) for gradient in gradients)
    spread = 0.0
    for gradient in gradients:
        values = gradient.numpy()
        if np.abs(values).max() > 1e-6 * largest:
            spread += min(1.0, math.sqrt(((values - values.mean()) ** 2).mean()) / np.abs(values).max())
    return sum(map(math.log, ratios)) * (1 + spread) / math.log(len(ratios) + 1)


def size_correction(network: nn.Module, inputs: Tensor) -> float:
    """Σ log(H W / √C) over the convolutions' outputs."""
    total = 0.0
    for output in outputs(network, inputs, [convolution for convolution, _ in followed(network)]):
        _, channels, high, wide = output.shape
        total += math.log(high * wide / math.sqrt(channels))
    return total
