"""Measured tensors must be finite: comparing NaN raises no error, and a count of such results looks like a score."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.errors import NotFinite


def finite(tensor: Tensor, what: str) -> Tensor:
    """The tensor itself, if all its entries are finite.

    Args:
        tensor: entries to check, of any shape.
        what: name of the entries, in the plural, for the message.

    Raises:
        NotFinite: when it holds NaN or infinity.

    Cost: one sum; only where the sum is not finite (it may overflow) is every entry checked.
    """
    if not bool(tensor.sum().isfinite()) and not bool(tensor.isfinite().all()):
        raise NotFinite(f"{what} hold NaN or infinity")
    return tensor


def kernel_in(gram: Tensor, dtype: torch.dtype) -> Tensor:
    """A Gram matrix in a network's own type, which tells how precise it is.

    Args:
        gram: Gram matrix [N, N] in float64.
        dtype: the network's type.

    Raises:
        NotFinite: when an entry is NaN or infinite in that type, or an entry of the diagonal is too small for it.
    """
    kernel = finite(gram.to(dtype), "the kernel's entries")
    diagonal = gram.diagonal()
    if bool(((diagonal > 0) & (diagonal < torch.finfo(dtype).tiny)).any()):
        raise NotFinite(f"the kernel's entries are too small for {dtype}")
    return kernel
