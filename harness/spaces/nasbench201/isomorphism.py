"""Isomorphism of NAS-Bench-201 cells: 6,466 classes of equal graphs among 15,625 cells.

The rule is the benchmark's own (Dong & Yang 2020): an edge is zero if it is `none`, or if its source is a single zero;
`skip_connect` passes its source on; a node is the sum of its edges in any order; edges that do not reach the output do
not count; nodes are compared as printed. These 6,466 published classes are not the classes of equal functions. They
are

- finer, since a zero inside a sum stays a term, and a sum that is passed on may be printed differently from a flat sum
  (without zeros and with flat sums there would be 4,930 classes);
- coarser, since one operation whose result is used twice is printed like two operations of its kind: 1,302 cells (430
  classes) have more connected weights than their representative.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache

from harness.spaces.nasbench201.cell import EDGES, NODES, OPERATIONS, Cell

_ZERO = "#"
_PARAMETERS = {"nor_conv_1x1": 1, "nor_conv_3x3": 9}


def graph_expression(cell: Cell) -> str:
    """The output node as a nested sum of operations, by which the benchmark decides that cells are one graph."""
    nodes = ["0"]
    for target in range(1, NODES):
        terms = [
            _term(operation, nodes[source])
            for (node, source), operation in zip(EDGES, cell.operations, strict=True)
            if node == target
        ]
        nodes.append("+".join(sorted(terms)))
    return nodes[-1]


def _term(operation: str, source: str) -> str:
    if operation == "none" or source == _ZERO:
        return _ZERO
    return source if operation == "skip_connect" else f"({source})@{operation}"


def representative(cell: Cell) -> Cell:
    """The member of the cell's class with the fewest weights; of several, the first in the order of `OPERATIONS`.

    It represents its class in counts and tables. Scores are shared by `same_network.minimal` instead.
    """
    return smallest_by(graph_expression)[graph_expression(cell)]


@cache
def smallest_by(form: Callable[[Cell], str]) -> dict[str, Cell]:
    """For each form, its cell with the fewest weights; of several, the first in the order of `OPERATIONS`."""
    classes: dict[str, Cell] = {}
    for cell in sorted(all_cells(), key=convolution_weights):  # stable: ties stay in the order of `OPERATIONS`
        classes.setdefault(form(cell), cell)
    return classes


def convolution_weights(cell: Cell) -> int:
    """Weights of the convolutions, as multiples of those of a 1×1 convolution."""
    return sum(_PARAMETERS.get(operation, 0) for operation in cell.operations)


def all_cells() -> list[Cell]:
    """All 5^6 cells; the first edge varies slowest, operations in the order of `OPERATIONS`."""
    return [Cell(operations) for operations in itertools.product(OPERATIONS, repeat=6)]
