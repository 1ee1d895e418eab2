"""What the policies of DAAS can be made of, for what must not load torch."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.errors import SearchError, unknown

OPERATIONS = (
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "rotate",
    "auto_contrast",
    "invert",
    "equalize",
    "solarize",
    "posterize",
    "contrast",
    "color",
    "brightness",
    "sharpness",
    "cutout",
)
"""The operations of a policy where none are named: those of AutoAugment and DADA, as recalled."""
PLANTED = "shuffle_pixels"
"""An operation that no policy should have: it puts the pixels of an image in random order. For tests of searches."""
KNOWN = (*OPERATIONS, PLANTED)
WITHOUT_MAGNITUDE = ("auto_contrast", "invert", "equalize", PLANTED)
_PAIR = 2
ORDERS = ("joint", "sequential", "fixed")
"""Cell and policy together; the cell in the first half of the epochs and the policy in the second; the cell alone."""


def checked_operations(names: Sequence[str]) -> tuple[str, ...]:
    """The operations of a policy, whose pairs are its sub-policies.

    Raises:
        SearchError: an unknown name (with the nearest name), fewer than two, or one twice.
    """
    for name in names:
        if name not in KNOWN:
            raise SearchError(f"policy_operations: {unknown('operation', name, KNOWN)}")
    if len(set(names)) < max(_PAIR, len(names)):
        raise SearchError(
            f"policy_operations must be two or more different operations, whose pairs are sub-policies; got {names!r}"
        )
    return tuple(names)


def checked_choices(field: str, values: Sequence[float]) -> tuple[float, ...]:
    """The magnitudes or the probabilities of a policy's operations; `field` is their name in a message.

    Raises:
        SearchError: none, one twice, or one that is no number above 0 and up to 1.
    """
    if not values or len(set(values)) < len(values):
        raise SearchError(f"{field} must be one or more different numbers, got {values!r}")
    for value in values:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not 0 < value <= 1:
            raise SearchError(f"{field} must be numbers above 0 and up to 1, got {value!r}")
    return tuple(map(float, values))
