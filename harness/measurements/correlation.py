"""The correlation matrix of samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._functorch import is_functorch_wrapped_tensor


@torch.no_grad()
def sample_correlation(features: Tensor) -> Tensor | None:
    """Pearson's correlation of the samples' rows of [N, ...], [N, N] in float64; None where a row is constant."""
    if features.ndim < 2:
        return None
    rows = features.flatten(1)
    centred = rows - rows.mean(dim=1, keepdim=True)
    largest = centred.abs().amax(dim=1, keepdim=True)
    if not bool((largest[:, 0] > 4 * torch.finfo(rows.dtype).eps * rows.abs().amax(dim=1)).all()):
        return None  # also for NaN
    unit = centred / largest  # squares of small gradients would be zero
    unit = unit / unit.norm(dim=1, keepdim=True)
    correlation: Tensor = (unit @ unit.T).double()
    return correlation


def correlation_recorder(entered: list[Tensor | None]) -> Callable[[nn.Module, tuple[Any, ...]], None]:
    """A hook before a module that keeps the correlation of the samples' inputs as the only entry of the list."""

    def record(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if inputs and isinstance(inputs[0], Tensor) and not is_functorch_wrapped_tensor(inputs[0]):
            entered[:] = [sample_correlation(inputs[0].detach())]

    return record
