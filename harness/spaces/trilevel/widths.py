"""Channels of the widths between the operations of a cell."""

from __future__ import annotations

_PARTS = (4, 6, 8, 10)
_LEAST = 3


def channels_of(width: int) -> tuple[int, ...]:
    """Channels by ratio, all different: multiples of an eighth of the width, as the authors round to multiples of 8.

    >>> channels_of(64), channels_of(16)
    ((24, 32, 40, 56, 64), (6, 8, 10, 14, 16))

    Args:
        width: channels of the network, 8 or more.
    """
    unit = width // 8
    return (*(_rounded(width * part, unit) for part in _PARTS), width)


def _rounded(twelfths: int, unit: int) -> int:
    """A number of channels, in twelfths, as the nearest multiple of a unit, and never less than nine tenths of it."""
    nearest = max(_LEAST, (2 * twelfths + 12 * unit) // (24 * unit) * unit)
    return nearest + unit if 120 * nearest < 9 * twelfths else nearest
