"""Edges whose convolutions share a batch norm, one convolution after the other; imports torch and the plain supernets.

Written from the formula s · N(Σ_o (w_o / s) K_o * x_o / ‖K_o‖), s = Σ_o w_o. Kernels are never summed, and a depthwise
and a pointwise kernel are composed to a dense one for its norm. Each function is a `mix` of `spaces_supernet`.
"""

import torch
from torch.nn.functional import conv2d

from tests.reference.spaces_supernet import (
    DARTS,
    NASBENCH201,
    darts_operation,
    nasbench201_operation,
    norm,
    relu,
    separated,
)


def nasbench201(normalise=True):
    """The mix of an edge of NAS-Bench-201; `normalise` says whether kernels are divided by their norms."""

    def mix(row, inputs, state, name):
        total, paths = torch.zeros_like(inputs), []
        for operation, weight in zip(NASBENCH201, row, strict=True):
            kernel = state.get(f"{name}.{operation}.weight")
            if kernel is not None:
                outputs = conv2d(relu(inputs), kernel, padding=kernel.shape[-1] // 2)
                paths.append((weight, by_norm(outputs, kernel) if normalise else outputs))
            elif not operation.startswith("nor"):
                total = total + weight * nasbench201_operation(operation, inputs, state, f"{name}.{operation}")
        return total + shared(paths, inputs)

    return mix


def darts(normalise=True):
    """The mix of an edge of the DARTS space."""

    def mix(row, inputs, state, name, stride):
        total, paths = 0, []
        for operation, weight in zip(DARTS, row, strict=True):
            own = f"{name}.{operation}"
            if "conv" not in operation:
                total = total + weight * darts_operation(operation, inputs, state, own, stride)
            elif f"{own}.op.1.weight" in state:
                outputs, kernel = before_norm(operation, inputs, state, own, stride)
                paths.append((weight, by_norm(outputs, kernel) if normalise else outputs))
        return total + shared(paths, inputs[:, :, ::stride, ::stride])

    return mix


def before_norm(operation, inputs, state, name, stride):
    """An operation without its last batch norm, and its last two kernels as a dense one [C, C, k, k]."""
    side, last, dilation = int(operation[-1]), 1, 2
    if operation.startswith("sep"):
        inputs = separated(inputs, state, f"{name}.op.1", f"{name}.op.2", stride, side // 2, 1)
        last, stride, dilation = 5, 1, 1
    depthwise, pointwise = state[f"{name}.op.{last}.weight"], state[f"{name}.op.{last + 1}.weight"]
    dense = torch.stack([torch.stack([a * b[0] for a, b in zip(row, depthwise, strict=True)]) for row in pointwise])
    return conv2d(relu(inputs), dense, stride=stride, padding=dilation * (side // 2), dilation=dilation), dense


def shared(paths, like):
    """The paths [(weight, outputs)] with one batch norm; with one each where the weights sum to zero."""
    if not paths:
        return torch.zeros_like(like)
    total = sum(weight for weight, _ in paths)
    if total == 0:
        return sum(weight * norm(outputs) for weight, outputs in paths)
    return total * norm(sum(weight / total * outputs for weight, outputs in paths))


def by_norm(outputs, kernel):
    """Outputs [N, C, H, W] of kernels [C, …], each channel divided by its kernel's norm."""
    return outputs / torch.stack([(one**2).sum().sqrt() for one in kernel])[:, None, None]
