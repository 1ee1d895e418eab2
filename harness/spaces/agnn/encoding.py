"""An architecture of AGNN's space: six choices for each of two layers.

The six classes of choices are those of Zhou, Song, Huang & Hu (2019, arXiv 1909.03184), of whose paper the first page
alone was read. Which options a class has is a declared choice of ours: attention functions and activations are those
that public code of this family of spaces lists, and widths and heads are small enough for a processor.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from harness.errors import SpaceError, unknown
from harness.spaces.listed import changed_once
from harness.spaces.searches import IndexedSpace
from harness.text.shown import cut, shown

LAYERS = 2
OPTIONS: dict[str, tuple[str, ...]] = {
    "hidden": ("8", "16", "32", "64"),
    "attention": ("const", "gcn", "gat", "sym-gat", "cos", "linear", "gene-linear"),
    "heads": ("1", "2", "4", "8"),
    "aggregate": ("sum", "mean", "max"),
    "combine": ("identity", "mlp"),
    "activation": ("sigmoid", "tanh", "relu", "identity", "softplus", "leaky_relu", "relu6", "elu"),
}
"""Options of each class of choices, in the order in which a text has them."""
WITHOUT_HEADS = ("const", "gcn")
"""Attention functions that are the same in all heads, so that their number does not matter."""
COUNT: int = math.prod(map(len, OPTIONS.values())) ** LAYERS
"""28,901,376."""
CHOICES = IndexedSpace(
    max(map(len, OPTIONS.values())),
    (LAYERS,) * len(OPTIONS),
    options=tuple(len(options) for options in OPTIONS.values() for _ in range(LAYERS)),
)
"""The architectures as choices for searches: class by class, and of each class that of each layer."""
_BETWEEN, _INSIDE = "||", ":"
_EXAMPLE = "64:gat:8:sum:identity:elu||16:gcn:1:mean:mlp:relu"
_WORDS = {"hidden": "width", "attention": "attention function", "heads": "number of heads"}


@dataclass(frozen=True, slots=True)
class Layer:
    """The choices of one layer.

    Attributes:
        hidden: width of the layer, all heads together.
        attention: function that weights a neighbour.
        heads: number of heads of attention.
        aggregate: how the weighted neighbours are put together.
        combine: what follows: nothing, or a perceptron of two layers.
        activation: what ends the layer.
    """

    hidden: str
    attention: str
    heads: str
    aggregate: str
    combine: str
    activation: str

    def __post_init__(self) -> None:
        for name, value in zip(OPTIONS, self.values, strict=True):
            if value not in OPTIONS[name]:
                raise SpaceError(unknown(_WORDS.get(name, name), value, OPTIONS[name]))

    def __str__(self) -> str:
        return _INSIDE.join(self.values)

    @property
    def values(self) -> tuple[str, ...]:
        """The six choices in the order of `OPTIONS`."""
        return tuple(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True, slots=True)
class AgnnArchitecture:
    """One architecture.

    Attributes:
        layers: the two layers, the first of which reads the features.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if len(self.layers) != LAYERS:
            raise SpaceError(f"an architecture of AGNN's space has {LAYERS} layers, got {len(self.layers)}")

    def __str__(self) -> str:
        return _BETWEEN.join(map(str, self.layers))


def parse(given: object) -> AgnnArchitecture:
    """The architecture that a text such as `64:gat:8:sum:identity:elu||16:gcn:1:mean:mlp:relu` encodes.

    Raises:
        SpaceError: naming the text, and what is wrong with it.
    """
    layers = [[part.strip() for part in layer.split(_INSIDE)] for layer in str(given).split(_BETWEEN)]
    if [len(parts) for parts in layers] != [len(OPTIONS)] * LAYERS:
        raise _malformed(given, f"an architecture reads {_EXAMPLE}")
    try:
        return AgnnArchitecture(tuple(Layer(*parts) for parts in layers))
    except SpaceError as error:
        raise _malformed(given, str(error)) from None


def representative(architecture: AgnnArchitecture) -> AgnnArchitecture:
    """The representative of the architectures with one network, weight for weight; 17,842,176 differ.

    Where all heads weight a neighbour alike, it has one head. It is our choice; nobody has published when two of these
    architectures are one.
    """
    layers = (replace(each, heads="1") if each.attention in WITHOUT_HEADS else each for each in architecture.layers)
    return AgnnArchitecture(tuple(layers))


def drawn(generator: random.Random) -> AgnnArchitecture:
    """A random architecture, all texts equally likely."""
    return AgnnArchitecture(tuple(Layer(*map(generator.choice, OPTIONS.values())) for _ in range(LAYERS)))


def neighbours_of(architecture: AgnnArchitecture) -> list[AgnnArchitecture]:
    """The 44 architectures with one choice changed; some are the same network."""
    found = []
    for place, layer in enumerate(architecture.layers):
        for name, options in OPTIONS.items():
            for (other,) in changed_once((getattr(layer, name),), options):
                layers = list(architecture.layers)
                layers[place] = replace(layer, **{name: other})
                found.append(AgnnArchitecture(tuple(layers)))
    return found


def of_choices(places: Sequence[int]) -> AgnnArchitecture:
    """The architecture of the options' numbers, in the order of `CHOICES`."""
    values = {
        name: [OPTIONS[name][place] for place in places[LAYERS * row : LAYERS * (row + 1)]]
        for row, name in enumerate(OPTIONS)
    }
    return AgnnArchitecture(tuple(Layer(*(values[name][layer] for name in OPTIONS)) for layer in range(LAYERS)))


def _malformed(given: object, why: str) -> SpaceError:
    return SpaceError(f"malformed architecture of AGNN's space {shown(str(given), 150)}: {cut(why, 400)}")
