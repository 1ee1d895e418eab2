"""AGNN's space: graph networks of two layers with six classes of choices each, which classify the nodes of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from harness.errors import SpaceError
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.agnn import cost
from harness.spaces.agnn.encoding import (
    COUNT,
    AgnnArchitecture,
    Layer,
    drawn,
    neighbours_of,
    parse,
    representative,
)
from harness.spaces.graph import Graph, Wiring
from harness.spaces.listed import drawn_sample
from harness.spaces.nasbench_graph.nodes import NodeClassification
from harness.spaces.plain_values import how_to_get
from harness.spaces.shape import Dimension, Dimensions, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack


__all__ = ["Agnn", "AgnnArchitecture", "Layer", "parse"]


class Agnn(NodeClassification):
    """The 28,901,376 architectures of the six classes of Zhou et al. (2019), with options of our own choice.

    The methods' arguments and errors are documented in `harness.spaces.space.Space`. A batch is one graph; its samples
    are the nodes with targets, so that `batch_size` is their number. Networks drop nothing;
    `harness.spaces.agnn.network` has them as they are trained.
    """

    name = "agnn"
    shape: ClassVar[Dimensions] = {
        "nodes": Dimension(256, 2, "nodes of the graph"),
        "features": Dimension(1433, 1, "features of a node"),
        "classes": Dimension(7, 2, "outputs of the network, K"),
    }

    def __len__(self) -> int:
        return COUNT

    def parse(self, text: object) -> AgnnArchitecture:
        """The architecture that a text encodes (`encoding.parse`); `str` gives the text again.

        >>> Agnn().parse("64:gat:8:sum:identity:elu||16:gcn:1:mean:mlp:relu").layers[1].attention
        'gcn'
        """
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The text of the representative."""
        return str(self.canonical(architecture))

    def canonical(self, architecture: Architecture) -> AgnnArchitecture:
        """The representative of the architectures with one network (`encoding.representative`); 17,842,176 differ."""
        return representative(_as_architecture(architecture))

    def minimal(self, architecture: Architecture) -> AgnnArchitecture:
        """The representative, whose network is the network of all its encodings."""
        return self.canonical(architecture)

    def sample(self, count: int, seed: int = 0) -> list[AgnnArchitecture]:
        """`count` of the architectures in random order: uniform over the texts, not over the networks."""
        return drawn_sample(self, drawn, count, seed)

    def neighbours(self, architecture: Architecture) -> list[AgnnArchitecture]:
        """The 44 architectures with one choice changed; some are the same network."""
        return neighbours_of(_as_architecture(architecture))

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of an architecture, by default for Cora; it needs PyTorch Geometric."""
        from harness.spaces.initialisation import drawn as drawn_network
        from harness.spaces.nasbench_graph.network import check_torch_geometric

        chosen, full = self.canonical(architecture), sizes_within(self.shape, shape, sizes)
        check_torch_geometric()
        from harness.spaces.agnn.network import AgnnNetwork

        def make() -> AgnnNetwork:
            return AgnnNetwork(chosen, features=full["features"], classes=full["classes"])

        return drawn_network(make, init, derived_seed(seed, "weights", str(chosen)))

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds of a pass on the whole graph, in closed form (`cost`)."""
        chosen, full = self.canonical(architecture), sizes_within(self.shape, shape, sizes)
        features, classes = full["features"], full["classes"]
        return Sizes(
            cost.parameter_count(chosen, features=features, classes=classes),
            cost.macs(chosen, features=features, classes=classes, nodes=full["nodes"]),
        )

    def graphs(self, architecture: Architecture) -> tuple[Graph]:
        """The layers as a chain, each an edge with its six choices, and the classifier behind them."""
        own = _as_architecture(architecture)
        count = len(own.layers)
        labels = ("in", *map(str, range(1, count + 1)), "out")
        edges = tuple((layer, layer + 1) for layer in range(count))
        return (Graph("", Wiring(labels, edges, ((count, count + 1),)), tuple(map(str, own.layers))),)


def _as_architecture(architecture: object) -> AgnnArchitecture:
    if not isinstance(architecture, AgnnArchitecture):
        raise SpaceError(f"{shown(architecture)} is no architecture of AGNN's space: {how_to_get(architecture, parse)}")
    return architecture
