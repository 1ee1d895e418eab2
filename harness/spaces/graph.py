"""An architecture as graphs to be drawn: nodes, and an operation on each edge."""

from __future__ import annotations

from typing import NamedTuple


class Wiring(NamedTuple):
    """A graph without its operations; many architectures may share one.

    Attributes:
        labels: of the nodes, in an order in which every edge points forward.
        edges: source and target of each operation.
        plain: source and target of what is passed on without an operation, such as the nodes that a cell concatenates.
    """

    labels: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    plain: tuple[tuple[int, int], ...] = ()


class Graph(NamedTuple):
    """One cell of an architecture, or all of it.

    Attributes:
        title: empty where it is the only graph of its architecture.
        wiring: nodes and edges.
        operations: name of the operation on each edge of the wiring.
    """

    title: str
    wiring: Wiring
    operations: tuple[str, ...]
