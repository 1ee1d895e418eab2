"""An architecture as graphs for drawing: nodes, and an operation on each edge."""

from __future__ import annotations

from typing import NamedTuple


class Wiring(NamedTuple):
    """A graph without its operations; many architectures may share one.

    Attributes:
        labels: labels of the nodes, in an order in which every edge points forward.
        edges: (source, target) of each operation.
        plain: (source, target) of each edge without an operation, such as those to the concatenation of a cell's nodes.
    """

    labels: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    plain: tuple[tuple[int, int], ...] = ()


class Graph(NamedTuple):
    """The graph of one cell of an architecture, or of the whole architecture.

    Attributes:
        title: title of the graph; empty where it is the only graph of its architecture.
        wiring: nodes and edges.
        operations: name of the operation on each edge of the wiring.
    """

    title: str
    wiring: Wiring
    operations: tuple[str, ...]
