"""An architecture of NATS-Bench's size space: the channels of five layers.

Dong, Liu, Musial & Gabrys, "NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size", TPAMI 2021.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import SpaceError
from harness.spaces.plain_values import bracketed, plain_value, text_of
from harness.text.shown import cut, shown

CHOICES = (8, 16, 24, 32, 40, 48, 56, 64)
LAYERS = 5
REDUCTIONS = (1, 3)
"""Places, from 0, of the layers that are residual blocks and halve the side; the others are cells."""

_ALLOWED = ", ".join(map(str, CHOICES))
_VALUES = ("(", "[", "array(", "np.array(", "numpy.array(", "list(", "tuple(")
_LONGEST = 500
_BY_TEXT = {str(channels): channels for channels in CHOICES}


@dataclass(frozen=True, slots=True)
class Layers:
    """One architecture: the channels of its five layers, from the images to the classifier."""

    channels: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.channels) != LAYERS:
            raise SpaceError(
                f"an architecture of NATS-Bench's size space has {LAYERS} layers, got {len(self.channels)}"
            )
        for number, channels in enumerate(self.channels, start=1):
            if not isinstance(channels, int) or channels not in CHOICES:
                raise SpaceError(_not_allowed(number, channels))

    def __str__(self) -> str:
        return ":".join(map(str, self.channels))


def parse(text: object) -> Layers:
    """The architecture that a text such as `8:16:24:32:40` encodes; the inverse of `str`.

    Five channels as a tuple, a list or an array, or with commas in a text, are read too.

    Raises:
        SpaceError: naming the text, the layer and what is allowed there.
    """
    parts = _parts(bracketed(text_of(text).strip().removeprefix("\ufeff").strip()))
    if len(parts) != LAYERS:
        raise _malformed(text, f"it has {len(parts)} layers between ':', expected {LAYERS}")
    for number, part in enumerate(parts, start=1):
        if part not in _BY_TEXT:
            raise _malformed(text, _not_allowed(number, part))
    return Layers(tuple(_BY_TEXT[part] for part in parts))


def _parts(given: str) -> list[str]:
    """What a text says of each layer."""
    if given.startswith(_VALUES) and len(given) <= _LONGEST:
        with contextlib.suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            value = plain_value(ast.parse(given, mode="eval").body)
            if isinstance(value, (tuple, list)) and all(type(channels) is int for channels in value):
                return [str(channels) for channels in value]
    return given.split(":")


def all_channels() -> Iterator[tuple[int, ...]]:
    """The channels of all 8^5 architectures in the release's order: the first layer's vary slowest, and they ascend."""
    return itertools.product(CHOICES, repeat=LAYERS)


def _not_allowed(number: int, channels: object) -> str:
    return f"layer {number} has {shown(channels)} channels, allowed are {_ALLOWED}"


def _malformed(text: object, why: str) -> SpaceError:
    return SpaceError(
        f"malformed NATS-Bench sizes {shown(str(text), 150)}: {cut(why, 400)}. An architecture reads 8:16:24:32:40"
    )
