"""What is measured must be finite: NaN compares as an ordinary number would, and a count of it looks like a score."""

from __future__ import annotations

from torch import Tensor

from harness.errors import NotFinite


def finite(tensor: Tensor, what: str) -> Tensor:
    """The tensor itself.

    Args:
        tensor: of any shape.
        what: it holds, in the plural, for the message.

    Raises:
        NotFinite: when it holds NaN or infinity.

    Cost: one sum; only where that is not finite (it may overflow), a look at every entry.
    """
    if not bool(tensor.sum().isfinite()) and not bool(tensor.isfinite().all()):
        raise NotFinite(f"{what} hold NaN or infinity")
    return tensor
