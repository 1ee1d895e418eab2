"""The sizes of a space's networks and inputs: their names, defaults and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import SettingError, check_whole, unknown
from harness.setting import SizeKeywords


@dataclass(frozen=True)
class Dimension:
    """One size of a space's networks or inputs.

    Attributes:
        default: size of the networks that the space's tables are about.
        least: the smallest size that a network can have.
        meaning: explanation of the number, in a few words.
    """

    default: int
    least: int
    meaning: str


Dimensions = Mapping[str, Dimension]
"""Dimensions by name, in the order in which they are shown."""


def sizes_within(
    dimensions: Dimensions,
    shape: Mapping[str, int] | None = None,
    changes: Mapping[str, int] | SizeKeywords | None = None,
) -> dict[str, int]:
    """All sizes of a space's network: the given sizes, and the space's defaults for the others.

    Args:
        dimensions: the dimensions of the space.
        shape: sizes by name.
        changes: further sizes by name, which replace those of `shape`.

    Raises:
        SettingError: for a size that the space does not have (with the nearest name), or one that is too small.
    """
    given: dict[str, Any] = {**(shape or {}), **(changes or {})}
    for name, size in given.items():
        if name not in dimensions:
            raise SettingError(unknown("size of this space's networks", name, dimensions))
        check_whole(name, size, dimensions[name].least, SettingError)
    return {name: given.get(name, dimension.default) for name, dimension in dimensions.items()}
