"""How operations look in drawings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from harness.report.figures.style import COLOURS

NONE = "none"
_BLUE, _VERMILLION, _GREEN, _PURPLE, _ORANGE, _SKY = COLOURS
_GREY = "#5F5F5F"


class Look(NamedTuple):
    """How an operation is drawn: what its box says, and the colour of box and line."""

    label: str
    colour: str


# The words tell operations apart; the colours only repeat them.
LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        NONE: Look("none", "#8A8A8A"),
        "skip_connect": Look("skip", _GREY),
        "nor_conv_1x1": Look("conv 1×1", _SKY),
        "nor_conv_3x3": Look("conv 3×3", _BLUE),
        "avg_pool_3x3": Look("avg 3×3", _GREEN),
        "max_pool_3x3": Look("max 3×3", _PURPLE),
        "sep_conv_3x3": Look("sep 3×3", _BLUE),
        "sep_conv_5x5": Look("sep 5×5", _SKY),
        "dil_conv_3x3": Look("dil 3×3", _VERMILLION),
        "dil_conv_5x5": Look("dil 5×5", _ORANGE),
        "nor_conv_5x5": Look("conv 5×5", _BLUE),
        "bot2_conv_3x3": Look("bot/2 3×3", _PURPLE),
        "bot2_conv_5x5": Look("bot/2 5×5", _PURPLE),
        "bot4_conv_3x3": Look("bot/4 3×3", _PURPLE),
        "bot4_conv_5x5": Look("bot/4 5×5", _PURPLE),
        "grp2_conv_3x3": Look("grp2 3×3", _GREEN),
        "grp2_conv_5x5": Look("grp2 5×5", _GREEN),
        "grp4_conv_3x3": Look("grp4 3×3", _GREEN),
        "grp4_conv_5x5": Look("grp4 5×5", _GREEN),
        "sep_conv_7x7": Look("sep 7×7", _SKY),
        "dil_conv_7x7": Look("dil 7×7", _ORANGE),
    }
)


def look_of(operation: str) -> Look:
    """How an operation is drawn; one that is not in `LOOKS` by its own name, in grey."""
    return LOOKS.get(operation) or Look(operation, _GREY)
