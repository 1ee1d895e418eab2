"""RCor and WRCor the slow way, from their definitions; imports nothing under test.

A network is used in whatever mode it is in, and its running statistics move. No ReLU works in place.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


def correlations(network: nn.Module, inputs: Tensor, labels: Tensor) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """By call of a ReLU its name, C_a and C_g: by NumPy, gradients by autograd at a copy that the ReLU alone reads."""
    read: list[tuple[str, Tensor]] = []

    def named(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], tuple[Tensor]]:
        def enter(module: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor]:
            copy = arguments[0].clone() if arguments[0].requires_grad else arguments[0].clone().requires_grad_()
            read.append((name, copy))
            return (copy,)

        return enter

    handles = [
        module.register_forward_pre_hook(named(name))
        for name, module in network.named_modules()
        if isinstance(module, nn.ReLU)
    ]
    loss = functional.cross_entropy(network(inputs.clone()), labels)
    for handle in handles:
        handle.remove()
    gradients = torch.autograd.grad(loss, [each for _, each in read], allow_unused=True, materialize_grads=True)
    with np.errstate(all="ignore"):
        return [
            (name, *(np.corrcoef(each.detach().flatten(1).numpy()) for each in (activation, gradient)))
            for (name, activation), gradient in zip(read, gradients, strict=True)
        ]


def log_determinant(calls: list[tuple[str, np.ndarray, np.ndarray]], weight: Callable[[str], float]) -> float:
    """log |det Σ weight (|C_a| + |C_g|)|; matrices with NaN are left out."""
    total = np.zeros_like(calls[0][1])
    for name, *pair in calls:
        for matrix in pair:
            if np.isfinite(matrix).all():
                total += weight(name) * np.abs(matrix)
    return float(np.linalg.slogdet(total)[1])
