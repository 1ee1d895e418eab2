"""Products of gradients, in a type that holds them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_COLUMNS = 2**10
"""Columns of a matrix [N, P] that are converted to float64 at a time, so that they stay in the processor's cache."""

_SMALLEST = 1e-30
"""Where the largest product is above that, float32 loses no product that counts."""


def products(one: Tensor, other: Tensor) -> Tensor:
    """Products by entry, in float64 where the tensors' own type would lose them.

    Types shorter than float32 always do; float32 does where all products are tiny, or one overflows.
    """
    if one.dtype == torch.float32 == other.dtype:
        found = one * other
        if holds(found):
            return found
    return one.double() * other.double()


def add_gram(gram: Tensor, rows: Tensor) -> None:
    """Add R Rᵀ to `gram`, [N, N] in float64, where R are `rows`, [N, P] in any type."""
    for columns in torch.split(rows, _COLUMNS, dim=1):
        exact = columns.double()
        gram.addmm_(exact, exact.T)


def holds(found: Tensor) -> bool:
    """Whether products, or sums of them, in float32 or float64 are precise in that type."""
    if found.dtype not in (torch.float32, torch.float64):
        return False
    return found.dtype == torch.float64 or (found.numel() > 0 and _SMALLEST < float(found.abs().max()) < math.inf)
