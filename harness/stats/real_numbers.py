"""Real numbers as float64, whatever holds them: what float64 cannot hold as it is, is refused."""

from __future__ import annotations

from decimal import Decimal
from numbers import Rational
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError

FloatArray = npt.NDArray[np.float64]

_EXACT = 2**53  # float64 holds every whole number up to here
_KINDS = "biufOUS"  # NumPy's letters of Booleans, numbers, objects and texts; not of complex numbers and dates


def real_numbers(values: object, name: str) -> FloatArray:
    """`values` as a float64 array of the same shape; NaN and infinity stay.

    A tensor counts without its gradient, on any device and of any type. A masked array is taken if nothing is masked.

    Args:
        values: an array, a tensor, a series, or nested sequences of numbers.
        name: their name in messages.

    Raises:
        ScoresError: for complex numbers, dates, text that is no number, masked values, or whole numbers above 2^53 that
            float64 would round, so that different ones would tie.
    """
    if isinstance(values, (list, tuple)) and any(_has_axes(value) for value in values):
        rows = [real_numbers(value, name) for value in values]
        if len({row.shape for row in rows}) > 1:
            raise ScoresError(f"{name} must be numbers in rows of one length, got {[row.size for row in rows][:5]}")
        return np.stack(rows)
    try:
        given = np.asanyarray(_plain(values))
        if given.dtype.kind not in _KINDS:
            raise ScoresError(f"{name} must be real numbers, got {given.dtype}: take what you rank by, as float64")
        if masked := int(np.sum(getattr(given, "mask", False))):
            raise ScoresError(f"{name}: {masked} of {given.size} values are masked. Leave them out first")
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError, NotImplementedError, OverflowError) as error:
        raise ScoresError(f"{name} must be numbers: {error}") from None
    check_whole(np.asarray(given), numbers, name)
    return numbers


def _has_axes(value: object) -> bool:
    return isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) > 0


def _plain(values: Any) -> Any:
    """Tensors, alone or in sequences, as arrays without gradients."""
    if hasattr(values, "detach"):
        tensor = values.detach().cpu().resolve_conj().resolve_neg()
        return (tensor.double() if tensor.is_floating_point() else tensor).numpy()
    return [_plain(value) for value in values] if isinstance(values, (list, tuple)) else values


def check_whole(given: np.ndarray[Any, Any], numbers: FloatArray, name: str) -> None:
    """Refuse whole numbers that float64 has rounded: numbers of any type, and texts that write all digits.

    Args:
        given: the numbers as they were given.
        numbers: the same as float64.
        name: their name in messages.

    Raises:
        ScoresError: naming the first one.
    """
    large = np.isfinite(numbers) & (abs(numbers) >= _EXACT)
    if given.dtype.kind == "b" or (given.dtype.kind == "f" and given.dtype.itemsize <= 8) or not large.any():
        return
    for value, number in zip(given[large].tolist(), numbers[large].tolist(), strict=True):
        if (whole := _whole(value)) is not None and whole != int(number):
            raise ScoresError(f"{name}: float64 would round {whole}, a whole number above 2^53. Scale them down first")


def _whole(value: object) -> int | None:
    """The whole number that an object is, with all its digits; None for any other number, and for `1e30`."""
    if isinstance(value, (str, bytes, Decimal)):
        exact = Decimal(value.decode() if isinstance(value, bytes) else value)
        exponent = exact.as_tuple().exponent
        return int(exact) if isinstance(exponent, int) and exponent <= 0 and exact == int(exact) else None
    if isinstance(value, Rational):
        return int(value.numerator) if value.denominator == 1 else None
    return int(value) if isinstance(value, np.longdouble) else None  # without a part behind the point, at this size
