"""NAS-Bench-Graph: networks of four operations on one graph, whose nodes they classify."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, TypedDict

from harness.errors import SpaceError
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.graph import Graph, Wiring
from harness.spaces.listed import changed_once, listed_in_order, listed_sample
from harness.spaces.nasbench_graph import cost
from harness.spaces.nasbench_graph.encoding import (
    NODES,
    OPERATIONS,
    SKIP,
    GraphArchitecture,
    encodings,
    parse,
    representative,
    representatives,
)
from harness.spaces.nasbench_graph.nodes import NodeClassification
from harness.spaces.plain_values import how_to_get
from harness.spaces.searches import EncodedSpace, IndexedSpace
from harness.spaces.shape import Dimension, Dimensions, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack


__all__ = ["GraphArchitecture", "NasBenchGraph", "parse"]

_COUNT = 26_206


_OPTIONS = (*range(2, NODES + 1), *(len(OPERATIONS),) * NODES)
"""Options of the choices of an encoding: what the second, third and fourth node read, and the operations."""


def _encoded_keys() -> tuple[str, ...]:
    from harness.spaces.nasbench_graph.encoded import encoded_keys

    return encoded_keys()


class NasBenchGraph(NodeClassification):
    """The 26,206 classes of equivalent architectures of Qin et al. (2022) and their networks.

    The methods' arguments and errors are documented in `harness.spaces.space.ListedSpace`. A batch is one graph; its
    samples are the nodes with targets, so that `batch_size` is their number.
    """

    name = "nasbench-graph"
    reads_numbers: ClassVar = True
    """The benchmark names an architecture by a whole number, which `parse` reads."""
    shape: ClassVar[Dimensions] = {
        "nodes": Dimension(256, 2, "nodes of the graph"),
        "features": Dimension(cost.PROTOCOLS["cora"].features, 1, "features of a node"),
        "classes": Dimension(cost.PROTOCOLS["cora"].classes, 2, "outputs of the network, K"),
        "hidden": Dimension(cost.PROTOCOLS["cora"].hidden, 2, "width of the operations"),
        "head_layers": Dimension(2, 1, "linear layers behind the operations"),
        "stem_layers": Dimension(0, 0, "linear layers before the operations, 0 or 1"),
    }

    encoded = EncodedSpace(
        IndexedSpace(
            len(OPERATIONS),
            (1,) * len(_OPTIONS),
            options=_OPTIONS,
            classes=(NODES - 1, NODES),
            empty=(tuple(range(NODES - 1, len(_OPTIONS))), SKIP),
        ),
        _encoded_keys,
    )
    """The encodings as choices, a class of links and a class of operations; four skips are no architecture."""

    def __len__(self) -> int:
        return _COUNT

    def __iter__(self) -> Iterator[GraphArchitecture]:
        return iter(self._representatives)

    @cached_property
    def _representatives(self) -> tuple[GraphArchitecture, ...]:
        return representatives()

    def parse(self, text: object) -> GraphArchitecture:
        """The architecture that a text, the package's integer key, or a link and operations encode (`encoding.parse`).

        >>> str(NasBenchGraph().parse("88811"))
        '0123:skip:skip:gcn:gcn'
        """
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The text of the representative."""
        return str(self.canonical(architecture))

    def canonical(self, architecture: Architecture) -> GraphArchitecture:
        """The representative by the rules of the package's `valid_hash` (`encoding.representative`)."""
        return representative(_as_architecture(architecture))

    def minimal(self, architecture: Architecture) -> GraphArchitecture:
        """The representative, whose network is the network of all its encodings."""
        return self.canonical(architecture)

    def in_order(self, keys: Sequence[str]) -> list[GraphArchitecture]:
        """All representatives in the order of `keys`; the space's own order is that of the integer keys."""
        return listed_in_order(self, lambda key: self.canonical(parse(key)), keys)

    def sample(self, count: int, seed: int = 0) -> list[GraphArchitecture]:
        """`count` of the 26,206 representatives, in random order: uniform over the classes, not over encodings."""
        return listed_sample(self, self._representatives, count, seed)

    def neighbours(self, architecture: Architecture) -> list[GraphArchitecture]:
        """The representatives that one choice, a link or an operation, of any encoding changed leads to."""
        own = self.canonical(architecture)
        found = {representative(near) for each in encodings(own) for near in _changed(each)} - {own}
        return sorted(found, key=lambda near: near.number)

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
        from harness.spaces.nasbench_graph.network import GraphNetwork, check_torch_geometric

        chosen, (_, full) = self.canonical(architecture), _network_sizes(self.shape, shape, sizes)
        check_torch_geometric()
        return drawn(lambda: GraphNetwork(chosen, **full), init, derived_seed(seed, "weights", str(chosen)))

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds of a pass on the whole graph, in closed form (`cost`)."""
        chosen, (nodes, full) = self.canonical(architecture), _network_sizes(self.shape, shape, sizes)
        return Sizes(cost.parameter_count(chosen, **full), cost.macs(chosen, nodes=nodes, **full))

    def graphs(self, architecture: Architecture) -> tuple[Graph]:
        """The graph of the architecture, an operation on the edge that it reads; leaves lead to the output."""
        own = _as_architecture(architecture)
        edges = tuple((source, node) for node, source in enumerate(own.link, start=1))
        labels = ("in", *map(str, range(1, NODES + 1)), "out")
        wiring = Wiring(labels, edges, tuple((leaf, NODES + 1) for leaf in own.leaves))
        return (Graph("", wiring, own.operations),)


class _NetworkSizes(TypedDict):
    features: int
    classes: int
    hidden: int
    head_layers: int
    linear_before: bool


def _network_sizes(
    dimensions: Dimensions, shape: Mapping[str, int] | None, sizes: SizeKeywords
) -> tuple[int, _NetworkSizes]:
    """The nodes of the graph, and the sizes of the network."""
    full = sizes_within(dimensions, shape, sizes)
    if full["hidden"] % 2:
        raise SpaceError(f"hidden must be even, for the two heads of gat, got {full['hidden']}")
    if full["stem_layers"] > 1:
        raise SpaceError(f"stem_layers must be 0 or 1, got {full['stem_layers']}")
    return full["nodes"], _NetworkSizes(
        features=full["features"],
        classes=full["classes"],
        hidden=full["hidden"],
        head_layers=full["head_layers"],
        linear_before=full["stem_layers"] == 1,
    )


def _changed(architecture: GraphArchitecture) -> Iterator[GraphArchitecture]:
    """The encodings with another link of one node, or another operation."""
    link, operations = architecture.link, architecture.operations
    for node in range(1, NODES + 1):
        for source in set(range(node)) - {link[node - 1]}:
            yield GraphArchitecture((*link[: node - 1], source, *link[node:]), operations)
    for names in changed_once(operations, OPERATIONS):
        if set(names) != {"skip"}:
            yield GraphArchitecture(link, names)


def _as_architecture(architecture: object) -> GraphArchitecture:
    if not isinstance(architecture, GraphArchitecture):
        raise SpaceError(
            f"{shown(architecture)} is no architecture of NAS-Bench-Graph: {how_to_get(architecture, parse)}"
        )
    return architecture
