"""The correlation matrix of samples."""

from __future__ import annotations

import torch
from torch import Tensor


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
