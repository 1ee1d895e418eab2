"""Equality of NAS-Bench-201 cells as networks: equal outputs and gradients, weight for weight.

The published classes (`isomorphism`) are used for counting and for tables, but a score cannot be shared by them. Their
expression does not distinguish a convolution that is used twice, f(x) + f(x), from two convolutions of one kind,
f(x) + g(x). And it drops a convolution of zero, which still adds its batch norm's shift: zero at initialisation, but
with a gradient, and trained. Here two cells are one network when the same convolutions, each with its own weights, are
connected in the same way after zeros and edges that do not reach the output are removed, `skip_connect` is contracted
and sums are flattened.

There are 5,875 networks among the 15,625 cells. Two of them may still be one function: a pool of a sum is the sum of
the pools.

Legend: a node's value is a sum of atoms with multiplicities. An atom is the input `x`; an average pool of a value
(without weights, so that equal values have equal pools); or the convolution on an edge (different for each edge).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from harness.spaces.nasbench201.cell import EDGES, NODES, Cell
from harness.spaces.nasbench201.isomorphism import smallest_by

_INPUT = "x"


def minimal(cell: Cell) -> Cell:
    """The cell with the fewest weights that is the same network; of several, the first in the order of `OPERATIONS`.

    The convolutions that it lacks do not reach the output, so they have no gradient.
    """
    return smallest_by(network_form)[network_form(cell)]


Value = tuple[object, ...]
"""Atoms with repetitions: `x`, `("avg_pool_3x3", value)`, or the index of a convolution's edge. Empty for zero."""


def network_form(cell: Cell) -> str:
    """Text that is equal for two cells exactly when they are the same network."""
    return form_of(cell.operations)


def form_of(operations: Sequence[str], *, skips_with_weights: bool = False) -> str:
    """Text that is equal for the operations of two cells exactly when they are the same network.

    Args:
        operations: names of the operations of the six edges.
        skips_with_weights: whether `skip_connect` on an edge from the input has weights of its own, as in a cell that
            halves the side.

    Convolutions are numbered so that the text is alphabetically first, over all numberings of convolutions that have
    the same expression from the input to themselves. At most three have.
    """
    output, convolutions = _wiring(operations, skips_with_weights)
    looks = {edge: _text(read, {}, convolutions) + operation for edge, (operation, read) in convolutions.items()}
    live = sorted(_reached(output, convolutions), key=looks.__getitem__)
    alike = [list(group) for _, group in itertools.groupby(live, key=looks.__getitem__)]
    numberings = itertools.product(*(itertools.permutations(group) for group in alike))
    return min(_numbered(output, convolutions, list(itertools.chain(*numbering))) for numbering in numberings)


Convolutions = dict[int, tuple[str, Value]]
"""By edge: the convolution's operation, and the value that it reads."""


def _wiring(operations: Sequence[str], skips_with_weights: bool) -> tuple[Value, Convolutions]:
    """The value of the output node, and all operations with weights."""
    nodes: list[Value] = [(_INPUT,)]
    convolutions: Convolutions = {}
    for target in range(1, NODES):
        atoms: list[object] = []
        for edge, ((node, source), operation) in enumerate(zip(EDGES, operations, strict=True)):
            if node != target or operation == "none":
                continue
            read = nodes[source]
            if operation == "skip_connect" and not (skips_with_weights and source == 0):
                atoms.extend(read)
            elif operation == "avg_pool_3x3":
                atoms.extend([(operation, read)] if read else [])
            else:
                convolutions[edge] = (operation, read)
                atoms.append(edge)
        nodes.append(tuple(atoms))
    return nodes[-1], convolutions


def _reached(value: Value, convolutions: Convolutions) -> set[int]:
    """Edges of the convolutions that a value is computed from."""
    reached: set[int] = set()
    for atom in value:
        if isinstance(atom, int):
            reached |= {atom, *_reached(convolutions[atom][1], convolutions)}
        elif isinstance(atom, tuple):
            reached |= _reached(atom[1], convolutions)
    return reached


def _numbered(output: Value, convolutions: Convolutions, order: list[int]) -> str:
    """Text of each convolution in order with the value that it reads, then of the output."""
    numbers = {edge: number for number, edge in enumerate(order)}
    lines = [f"{convolutions[edge][0]} {_text(convolutions[edge][1], numbers, convolutions)}" for edge in order]
    return "; ".join([*lines, _text(output, numbers, convolutions)])


def _text(value: Value, numbers: dict[int, int], convolutions: Convolutions) -> str:
    """Text of a sum in alphabetical order; a convolution by its number or, where it has none, written out."""
    terms = []
    for atom in value:
        if isinstance(atom, tuple):
            terms.append(f"pool({_text(atom[1], numbers, convolutions)})")
        elif not isinstance(atom, int):
            terms.append(str(atom))
        elif atom in numbers:
            terms.append(f"#{numbers[atom]}")
        else:
            operation, read = convolutions[atom]
            terms.append(f"{operation}({_text(read, numbers, convolutions)})")
    return "+".join(sorted(terms))
