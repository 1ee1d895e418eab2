"""Measured tensors must be finite: comparing NaN raises no error, and a count of such results looks like a score."""

from __future__ import annotations

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
