"""An architecture of SANE: an aggregator for each of three layers, a skip for each, and an aggregator of the layers.

Zhao, Yao & Tu, "Search to Aggregate Neighborhood for Graph Neural Networks", ICDE 2021; names and text as in the
authors' code.

Legend: layer 0 is a linear layer of the features; layers 1 to 3 hold the node aggregators.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.errors import SpaceError, unknown
from harness.spaces.listed import changed_once
from harness.text.shown import cut, shown

LAYERS = 3
NODE_AGGREGATORS = (
    "sage", "sage_sum", "sage_max", "gcn", "gin", "gat", "gat_sym", "gat_cos", "gat_linear", "gat_generalized_linear",
    "geniepath",
)  # fmt: skip
"""How a node puts its neighbours together."""
SKIPS = ("none", "skip")
"""Whether the layer aggregator reads a layer."""
LAYER_AGGREGATORS = ("l_max", "l_concat", "l_lstm")
"""How the layers that are read are put together."""
COUNT: int = len(NODE_AGGREGATORS) ** LAYERS * len(SKIPS) ** LAYERS * len(LAYER_AGGREGATORS)
"""31,944."""
_SEPARATOR = "||"


@dataclass(frozen=True, slots=True)
class SaneArchitecture:
    """One architecture.

    Attributes:
        nodes: the node aggregator of each layer.
        skips: for each layer `skip` where the layer aggregator reads it, `none` where it reads zeros instead.
        layers: the layer aggregator.
    """

    nodes: tuple[str, ...]
    skips: tuple[str, ...]
    layers: str

    def __post_init__(self) -> None:
        if len(self.nodes) != LAYERS or len(self.skips) != LAYERS:
            raise SpaceError(
                f"an architecture of SANE has {LAYERS} node aggregators and {LAYERS} skips, got {len(self.nodes)} and "
                f"{len(self.skips)}"
            )
        for kind, names, known in (
            ("node aggregator", self.nodes, NODE_AGGREGATORS),
            ("skip", self.skips, SKIPS),
            ("layer aggregator", (self.layers,), LAYER_AGGREGATORS),
        ):
            for name in names:
                if name not in known:
                    raise SpaceError(unknown(kind, name, known))

    def __str__(self) -> str:
        return _SEPARATOR.join((*self.nodes, *self.skips, self.layers))

    @property
    def read(self) -> tuple[bool, ...]:
        """For each layer whether the layer aggregator reads it; where no skip does, the last layer is read."""
        read = tuple(name == "skip" for name in self.skips)
        return read if any(read) else (*read[:-1], True)

    @property
    def depth(self) -> int:
        """Number of layers that the output depends on: up to the last one that is read."""
        return max(place for place, read in enumerate(self.read, start=1) if read)


def parse(given: object) -> SaneArchitecture:
    """The architecture that a text such as `gcn||gat||gin||skip||none||skip||l_max` encodes; the inverse of `str`.

    With two skips only, as the authors' search writes it with its last layer fixed, the last layer is read.

    Raises:
        SpaceError: naming the text, and what is wrong with it.
    """
    parts = [part.strip() for part in str(given).split(_SEPARATOR)]
    if len(parts) == 2 * LAYERS:
        parts.insert(2 * LAYERS - 1, "skip")
    if len(parts) != 2 * LAYERS + 1:
        raise _malformed(given, "an architecture reads gcn||gat||gin||skip||none||skip||l_max")
    try:
        return SaneArchitecture(tuple(parts[:LAYERS]), tuple(parts[LAYERS:-1]), parts[-1])
    except SpaceError as error:
        raise _malformed(given, str(error)) from None


def representative(architecture: SaneArchitecture) -> SaneArchitecture:
    """The representative of the architectures with one network, weight for weight.

    A layer behind the last one that is read has the first aggregator, and without any skip the last layer is read, as
    in the authors' code for training. It is our choice; nobody has published when two of these architectures are one.
    """
    depth = architecture.depth
    nodes = (*architecture.nodes[:depth], *[NODE_AGGREGATORS[0]] * (LAYERS - depth))
    return SaneArchitecture(nodes, tuple(SKIPS[read] for read in architecture.read), architecture.layers)


def all_in_order() -> Iterator[SaneArchitecture]:
    """All 31,944 architectures, the layer aggregator varying fastest."""
    for nodes in itertools.product(NODE_AGGREGATORS, repeat=LAYERS):
        for skips in itertools.product(SKIPS, repeat=LAYERS):
            for layers in LAYER_AGGREGATORS:
                yield SaneArchitecture(nodes, skips, layers)


def neighbours_of(architecture: SaneArchitecture) -> list[SaneArchitecture]:
    """The 35 architectures with one choice changed."""
    nodes, skips, layers = architecture.nodes, architecture.skips, architecture.layers
    found = [SaneArchitecture(other, skips, layers) for other in changed_once(nodes, NODE_AGGREGATORS)]
    found += [SaneArchitecture(nodes, other, layers) for other in changed_once(skips, SKIPS)]
    others: Sequence[str] = [name for name in LAYER_AGGREGATORS if name != layers]
    return [*found, *(SaneArchitecture(nodes, skips, other) for other in others)]


def _malformed(given: object, why: str) -> SpaceError:
    return SpaceError(f"malformed architecture of SANE {shown(str(given), 150)}: {cut(why, 400)}")
