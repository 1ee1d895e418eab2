"""A cell with an operation on every edge, `none` included (Xie et al. 2021, Understanding the Wiring Evolution).

The cell has two inputs, nodes 0 and 1, and each later node reads all nodes before it. Its output concatenates these.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import SpaceError, unknown
from harness.spaces.darts.genotype import INPUTS
from harness.spaces.plain_values import text_of
from harness.text.shown import shown

OPERATIONS = (
    "none",
    "skip_connect",
    "max_pool_3x3",
    "avg_pool_3x3",
    "sep_conv_3x3",
    "dil_conv_3x3",
    "dil_conv_5x5",
    "sep_conv_5x5",
)
"""DARTS's operations in the order of the authors' code."""

_BETWEEN = " | "


@dataclass(frozen=True, slots=True)
class WiredCell:
    """One architecture: the operations of all edges, those of node 2 first, each node's from source 0 on."""

    operations: tuple[str, ...]

    def __post_init__(self) -> None:
        for operation in self.operations:
            if operation not in OPERATIONS:
                raise SpaceError(unknown("operation", operation, OPERATIONS))

    def __str__(self) -> str:
        count = _nodes_of(len(self.operations))
        given = iter(self.operations)
        return _BETWEEN.join(
            " ".join(f"{next(given)}~{source}" for source in range(target)) for target in range(INPUTS, INPUTS + count)
        )


def edges_of(nodes: int) -> tuple[tuple[int, int], ...]:
    """(target, source) of the edges of a cell with that many nodes, 5 for two and 14 for four."""
    return tuple((target, source) for target in range(INPUTS, INPUTS + nodes) for source in range(target))


def parse(text: object, nodes: int) -> WiredCell:
    """The cell that a text encodes, `OP~0 OP~1 | OP~0 OP~1 OP~2` for two nodes; the inverse of `str`.

    Raises:
        SpaceError: naming the text and what is wrong with it.
    """
    parts = text_of(text).strip().split(_BETWEEN.strip())
    if len(parts) != nodes:
        raise _malformed(text, nodes, f"it has {len(parts)} nodes between '|', expected {nodes}")
    operations = []
    for target, part in enumerate(parts, start=INPUTS):
        terms = part.split()
        if len(terms) != target:
            raise _malformed(text, nodes, f"node {target} has {len(terms)} edges, expected {target}")
        for source, term in enumerate(terms):
            operation, _, written = term.partition("~")
            if written != str(source):
                raise _malformed(text, nodes, f"edge {target}←{source} is {shown(term)}, expected OP~{source}")
            if operation not in OPERATIONS:
                raise _malformed(text, nodes, unknown("operation", operation, OPERATIONS))
            operations.append(operation)
    return WiredCell(tuple(operations))


def _nodes_of(edges: int) -> int:
    """The number of nodes of a cell with that many edges."""
    nodes = 1
    while len(edges_of(nodes)) < edges:
        nodes += 1
    if len(edges_of(nodes)) != edges:
        raise SpaceError(f"a cell whose nodes read all nodes before has 2, 5, 9 or 14 edges, got {edges}")
    return nodes


def _malformed(text: object, nodes: int, why: str) -> SpaceError:
    form = _BETWEEN.join(
        " ".join(f"OP~{source}" for source in range(target)) for target in range(INPUTS, INPUTS + nodes)
    )
    return SpaceError(f"malformed cell {shown(str(text), 150)}: {why}. A cell reads {form}")
