"""Parameters and multiply-adds of a network of NAS-Bench-Graph in closed form.

The parameters are those of the package's column `para`: exactly for all 26,206 classes on seven of its data sets
(`PROTOCOLS`), and on CoauthorPhysics for 24,639; there the other numbers are means that no one network has.

Legend: n nodes of the graph, I features that an operation reads, H = hidden, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from harness.spaces.nasbench_graph.encoding import GraphArchitecture, representative


class Protocol(NamedTuple):
    """The sizes that the package's parameters have on one data set; the package does not print them.

    Attributes:
        features: features of a node.
        classes: outputs of the network.
        hidden: width of the operations.
        head_layers: 1 for a classifier, 2 for a linear layer and a classifier.
        linear_before: whether a linear layer brings the features to `hidden` before the operations.
    """

    features: int
    classes: int
    hidden: int
    head_layers: int
    linear_before: bool


PROTOCOLS: Mapping[str, Protocol] = {
    "cora": Protocol(1433, 7, 256, 2, False),
    "citeseer": Protocol(3703, 6, 256, 2, False),
    "pubmed": Protocol(500, 3, 128, 1, False),
    "cs": Protocol(6805, 15, 128, 1, True),
    "physics": Protocol(8415, 5, 256, 1, True),
    "photo": Protocol(745, 8, 128, 1, False),
    "computers": Protocol(767, 10, 64, 2, True),
    "arxiv": Protocol(128, 40, 128, 2, False),
}


class _Layer(NamedTuple):
    """Sizes of an operation as multiples.

    Attributes:
        products: products with a matrix [I, H].
        vectors: vectors of H parameters, the bias among them.
        unread: matrices [H, H] that no pass reads.
        added: multiples of n H among the multiply-adds: counted biases, and products with attention vectors.
    """

    products: int
    vectors: int
    unread: int
    added: int


_LAYERS = {
    "gat": _Layer(1, 3, 0, 2),
    "gcn": _Layer(1, 1, 0, 0),
    "gin": _Layer(1, 1, 0, 1),
    "cheb": _Layer(2, 1, 0, 0),
    "sage": _Layer(2, 1, 0, 1),
    "arma": _Layer(2, 1, 1, 1),
    "graph": _Layer(2, 1, 0, 1),
    "fc": _Layer(1, 1, 0, 1),
}


def parameter_count(
    architecture: GraphArchitecture,
    *,
    features: int,
    classes: int,
    hidden: int,
    head_layers: int,
    linear_before: bool = False,
) -> int:
    """Trainable parameters, with the scale and shift of four batch norms and ARMA's matrix that no pass reads."""
    chosen = representative(architecture)
    start = hidden if linear_before else features
    count = (features + 1) * hidden if linear_before else 0
    for layer, wide in _layers(chosen, start, hidden):
        count += layer.products * wide * hidden + layer.vectors * hidden + layer.unread * hidden**2
    count += len(chosen.link) * 2 * hidden
    return count + sum((wide + 1) * after for wide, after in _head(chosen, classes, hidden, head_layers))


def macs(
    architecture: GraphArchitecture,
    *,
    features: int,
    classes: int,
    hidden: int,
    head_layers: int,
    nodes: int,
    linear_before: bool = False,
) -> int:
    """Multiply-adds (MACs) of one forward pass on a graph of `nodes` nodes.

    As `harness.measurements.size.macs` counts them: products with weights, and the biases of linear layers and of ARMA.
    Sums over neighbours do not count, so that the edges do not matter.
    """
    chosen = representative(architecture)
    start = hidden if linear_before else features
    count = (features + 1) * hidden if linear_before else 0
    for layer, wide in _layers(chosen, start, hidden):
        count += layer.products * wide * hidden + layer.added * hidden
    return nodes * (count + sum((wide + 1) * after for wide, after in _head(chosen, classes, hidden, head_layers)))


def widths(architecture: GraphArchitecture, start: int, hidden: int) -> list[int]:
    """Features of the input and of each node: `hidden` behind an operation, those of the source behind a skip."""
    found = [start]
    for source, name in zip(architecture.link, architecture.operations, strict=True):
        found.append(found[source] if name == "skip" else hidden)
    return found


def depth(architecture: GraphArchitecture) -> int:
    """Operations on the longest path from the input to the output; a skip is none.

    >>> from harness.spaces.nasbench_graph.encoding import parse
    >>> depth(parse("0123:skip:skip:gcn:gcn")), depth(parse("0012:gat:gin:fc:sage"))
    (2, 2)
    """
    return _longest(architecture, free=("skip",))


def hops(architecture: GraphArchitecture) -> int:
    """Edges between a node and the farthest node that its logits see; `fc` and a skip look at no neighbour.

    >>> from harness.spaces.nasbench_graph.encoding import parse
    >>> hops(parse("0123:skip:skip:gcn:gcn")), hops(parse("0123:fc:fc:fc:gin"))
    (2, 1)
    """
    return _longest(architecture, free=("skip", "fc"))


def _longest(architecture: GraphArchitecture, free: tuple[str, ...]) -> int:
    """The most operations on a path, without those of some names."""
    found = [0]
    for source, name in zip(architecture.link, architecture.operations, strict=True):
        found.append(found[source] + (name not in free))
    return max(found)


def _layers(architecture: GraphArchitecture, start: int, hidden: int) -> Iterator[tuple[_Layer, int]]:
    """Each operation but skip, and the features that it reads."""
    wide = widths(architecture, start, hidden)
    for source, name in zip(architecture.link, architecture.operations, strict=True):
        if name != "skip":
            yield _LAYERS[name], wide[source]


def _head(architecture: GraphArchitecture, classes: int, hidden: int, head_layers: int) -> list[tuple[int, int]]:
    """Width in and out of each linear layer behind the concatenated leaves, which are all of width `hidden`."""
    ends = [len(architecture.leaves) * hidden, *[hidden] * (head_layers - 1), classes]
    return list(pairwise(ends))
