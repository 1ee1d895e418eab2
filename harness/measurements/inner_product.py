"""The inner product of two sets of tensors by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def inner_product(tensors: Mapping[str, Tensor], others: Mapping[str, Tensor]) -> float:
    """Inner product Σ A ⊙ B over all entries, each tensor A with the B of the same name and shape, in float64.

    Args:
        tensors: the tensors A by name.
        others: the tensors B by name; names that no A has are ignored.

    Cost: no pass.
    """
    return float(sum((tensor.double() * others[name].double()).sum() for name, tensor in tensors.items()))
