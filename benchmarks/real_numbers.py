"""Real numbers as float64: what float64 cannot hold as it is, is refused (`harness.stats.real_numbers` for tables)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_EXACT = 2**53  # float64 holds every whole number up to here


def real_numbers(values: ArrayLike) -> NDArray[np.float64]:
    """The values as a new float64 array of the same shape.

    Raises:
        ValueError, TypeError: for complex numbers, dates, masked values, text that is no number, or whole numbers that
            float64 would round.

    """
    given = np.asanyarray(values)
    if given.dtype.kind not in "biufOUS":
        raise ValueError(f"values of the type {given.dtype}")
    if masked := int(np.sum(getattr(given, "mask", False))):
        raise ValueError(f"{masked} masked values")
    numbers = np.array(given, dtype=np.float64)
    if given.dtype.kind in "iuO" and (large := np.flatnonzero(np.abs(numbers) >= _EXACT)).size:
        check_whole(given.ravel()[large].tolist(), numbers.ravel()[large])
    return numbers


def check_whole(given: Sequence[object], numbers: NDArray[np.float64]) -> None:
    """Raise ValueError, with the number, where a whole number is not what float64 made of it."""
    for value, number in zip(given, numbers.tolist(), strict=True):
        if isinstance(value, int) and (not np.isfinite(number) or int(number) != value):
            raise ValueError(f"{str(value)[:40]}, a whole number above 2^53, which float64 would round: scale it down")
