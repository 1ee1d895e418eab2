"""SANE: networks of three node aggregators, skips and a layer aggregator on one graph, whose nodes they classify."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypedDict

from harness.errors import SpaceError
from harness.setting import NOISE, Setting, SizeKeywords, derived_seed
from harness.spaces.graph import Graph, Wiring
from harness.spaces.listed import listed_in_order, listed_sample
from harness.spaces.nasbench_graph.nodes import NodeClassification
from harness.spaces.plain_values import how_to_get
from harness.spaces.sane import cost
from harness.spaces.sane.derivation import derive
from harness.spaces.sane.encoding import (
    COUNT,
    SaneArchitecture,
    all_in_order,
    neighbours_of,
    parse,
    representative,
)
from harness.spaces.sane.forms import CODE, PAPER
from harness.spaces.sane.searches import SEARCHES
from harness.spaces.shape import Dimension, Dimensions, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

    from harness.batches import Batch
    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.node_split import NodeSplit
    from harness.spaces.supernet import Supernet

__all__ = ["Sane", "SaneArchitecture", "SaneCode", "parse"]


class Sane(NodeClassification):
    """The 31,944 architectures of Zhao, Yao & Tu (2021) and their networks.

    The methods' arguments and errors are documented in `harness.spaces.space.ListedSpace`. A batch is one graph; its
    samples are the nodes with targets, so that `batch_size` is their number. Networks have ReLUs and drop nothing;
    `harness.spaces.sane.network` has them as the authors train them.
    """

    name: str = "sane"
    form: ClassVar[str] = PAPER
    """Form of the attention (`harness.spaces.sane.forms`)."""
    searches = SEARCHES
    inputs = (*NOISE, "cora", "citeseer")
    shape: ClassVar[Dimensions] = {
        "nodes": Dimension(256, 2, "nodes of the graph"),
        "features": Dimension(1433, 1, "features of a node"),
        "classes": Dimension(7, 2, "outputs of the network, K"),
        "hidden": Dimension(64, cost.HEADS, "width of the layers"),
    }

    def __len__(self) -> int:
        return COUNT

    def __iter__(self) -> Iterator[SaneArchitecture]:
        return iter(self._all)

    @cached_property
    def _all(self) -> tuple[SaneArchitecture, ...]:
        return tuple(all_in_order())

    def parse(self, text: object) -> SaneArchitecture:
        """The architecture that a text encodes (`encoding.parse`); `str` gives the text again.

        >>> Sane().parse("gcn||gat||gin||skip||none||skip||l_max").layers
        'l_max'
        """
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The text of the representative."""
        return str(self.canonical(architecture))

    def canonical(self, architecture: Architecture) -> SaneArchitecture:
        """The representative of the architectures with one network (`encoding.representative`); 16,731 differ."""
        return representative(_as_architecture(architecture))

    def minimal(self, architecture: Architecture) -> SaneArchitecture:
        """The representative, whose network is the network of all its encodings."""
        return self.canonical(architecture)

    def in_order(self, keys: Sequence[str]) -> list[SaneArchitecture]:
        """All architectures in the order of `keys`."""
        return listed_in_order(self, parse, keys)

    def sample(self, count: int, seed: int = 0) -> list[SaneArchitecture]:
        """`count` of the 31,944 architectures in random order: uniform over the texts, not over the networks."""
        return listed_sample(self, self._all, count, seed)

    def neighbours(self, architecture: Architecture) -> list[SaneArchitecture]:
        """The 35 architectures with one aggregator or skip changed; some are the same network."""
        return neighbours_of(_as_architecture(architecture))

    def batch(self, setting: Setting, data: Path | None = None) -> Batch:
        """A graph and some of its nodes, those that train in SANE's split for a data set (`splits`)."""
        from harness.spaces.nasbench_graph.graphs import draw_graph
        from harness.spaces.sane.splits import read_training

        return draw_graph(setting, self.shape, data, read_training)

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
        from harness.spaces.initialisation import drawn
        from harness.spaces.nasbench_graph.network import check_torch_geometric

        chosen, (_, full) = self.canonical(architecture), network_sizes(self.shape, shape, sizes)
        check_torch_geometric()
        from harness.spaces.sane.network import SaneNetwork

        make = lambda: SaneNetwork(chosen, form=self.form, **full)  # noqa: E731
        return drawn(make, init, derived_seed(seed, "weights", str(chosen)))

    def supernet(
        self,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
        **sizes: Unpack[SizeKeywords],
    ) -> Supernet:
        """The untrained supernet, of a graph instead of images; its groups are `node`, `skip` and `layer`."""
        from harness.spaces.nasbench_graph.network import check_torch_geometric
        from harness.spaces.supernet import drawn_supernet

        _, full = network_sizes(self.shape, shape, sizes)
        if partial != 1:
            raise SpaceError(f"the aggregators of SANE read all features, so that partial must be 1; got {partial!r}")
        check_torch_geometric()
        from harness.spaces.sane.supernet import SaneSupernet

        def make() -> SaneSupernet:
            return SaneSupernet(form=self.form, operations=operations, **full)

        return drawn_supernet(make, init, derived_seed(seed, "weights", "supernet", self.name))

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> SaneArchitecture:
        """The architecture of the largest weights of each group; edge weights do not change which they are."""
        return derive(weights, edges, operations)

    def split(self, source: str | Path, seed: int = 0) -> NodeSplit:
        """The graph of a search: a file of arrays such as FOLDER/cora.npz, or `noise`, a random graph of the seed."""
        from harness.spaces.sane.splits import random_split, read_split

        return random_split(256, 16, 3, seed) if str(source) == "noise" else read_split(source)

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds of a pass on the whole graph, in closed form (`cost`)."""
        chosen, (nodes, full) = self.canonical(architecture), network_sizes(self.shape, shape, sizes)
        return Sizes(cost.parameter_count(chosen, **full), cost.macs(chosen, nodes=nodes, **full))

    def graphs(self, architecture: Architecture) -> tuple[Graph]:
        """The layers as a chain, with an edge from each that is read to the layer aggregator."""
        own = _as_architecture(architecture)
        depth = own.depth
        labels = ("in", *map(str, range(1, depth + 1)), own.layers, "out")
        chain = tuple((layer, layer + 1) for layer in range(depth))
        read = [(layer, depth + 1) for layer in range(1, depth + 1) if own.read[layer - 1]]
        return (Graph("", Wiring(labels, chain, (*read, (depth + 1, depth + 2))), own.nodes[:depth]),)


class SaneCode(Sane):
    """The same architectures with the attention of the authors' code (`harness.spaces.sane.forms`)."""

    name = "sane-code"
    form: ClassVar[str] = CODE


class NetworkSizes(TypedDict):
    """Sizes of a network by name."""

    features: int
    classes: int
    hidden: int


def network_sizes(
    dimensions: Dimensions, shape: Mapping[str, int] | None, sizes: SizeKeywords
) -> tuple[int, NetworkSizes]:
    """The nodes of the graph, and the sizes of the network.

    Raises:
        SpaceError: for a width that the heads of attention do not divide.
        SettingError: for a size that the space does not have, or that is too small.
    """
    full = sizes_within(dimensions, shape, sizes)
    if full["hidden"] % cost.HEADS:
        raise SpaceError(f"hidden must be a multiple of {cost.HEADS}, the heads of attention; got {full['hidden']}")
    return full["nodes"], NetworkSizes(features=full["features"], classes=full["classes"], hidden=full["hidden"])


def _as_architecture(architecture: object) -> SaneArchitecture:
    if not isinstance(architecture, SaneArchitecture):
        raise SpaceError(f"{shown(architecture)} is no architecture of SANE: {how_to_get(architecture, parse)}")
    return architecture
