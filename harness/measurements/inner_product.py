"""The inner product of two sets of tensors by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def inner_product(tensors: Mapping[str, Tensor], others: Mapping[str, Tensor]) -> float:
    """Σ A ⊙ B over all entries of the tensors A, each with the B of its name and shape, in float64.

    Args:
        tensors: A by name.
        others: B by name; names that are not among the A do not count.

    Cost: no pass.
    """
    return float(sum((tensor.double() * others[name].double()).sum() for name, tensor in tensors.items()))
