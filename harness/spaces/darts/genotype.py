"""A DARTS genotype: a normal and a reduction cell (Liu, Simonyan and Yang 2019)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from harness.errors import SpaceError, unknown
from harness.text.shown import shown

OPERATIONS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""In the order of NAS-Bench-301's and NASLib's indices. A search also has `none`, a derived cell does not."""

NONE = "none"
"""The operation that gives zeros, whatever it reads."""

INPUTS = 2
"""Number of input nodes: 0 and 1, the outputs of the two cells before."""

NODES = 4
"""Number of intermediate nodes: 2 to 5, with two pairs each; the cell's output is their concatenation."""

CELLS = ("normal", "reduce")

Pair = tuple[str, int]
"""An operation and the node that it reads."""

Pairs = tuple[Pair, ...]
"""One cell: two pairs per node, node 2 first."""


@dataclass(frozen=True, slots=True)
class Genotype:
    """One architecture. `str` gives the text that repositories print; `harness.spaces.darts.forms` has other forms.

    Attributes:
        normal: eight (operation, input) pairs of the normal cell, two for each of the nodes 2 to 5. Their order is that
            of the network's modules, and has no other meaning. A node may read one input twice, as one published
            genotype does, and adds up both operations' outputs; samples, neighbours and searches have no such nodes.
        reduce: eight (operation, input) pairs of the reduction cell, which halves the side.

    Raises:
        SpaceError: for a wrong number of pairs, an unknown operation, or an input that is not before its node; the
            message names the cell, the node and the pair.
    """

    operations: ClassVar[tuple[str, ...]] = OPERATIONS

    normal: Pairs
    reduce: Pairs

    def __post_init__(self) -> None:
        for cell in CELLS:
            object.__setattr__(self, cell, _checked_cell(cell, getattr(self, cell), self.operations))

    def __str__(self) -> str:
        concat = list(range(INPUTS, INPUTS + NODES))
        return (
            f"Genotype(normal={list(self.normal)}, normal_concat={concat}, "
            f"reduce={list(self.reduce)}, reduce_concat={concat})"
        )


class GenotypeWithNone(Genotype):
    """A genotype whose pairs may have the operation `none` too, which gives zeros of the right shape."""

    __slots__ = ()
    operations: ClassVar[tuple[str, ...]] = (*OPERATIONS, NONE)


G = TypeVar("G", bound=Genotype)


def canonical(genotype: G) -> G:
    """The canonical form: one representative of all genotypes that describe the same network.

    Two things do not change a network: the order of a node's two pairs, since they are summed, and the numbering of
    the intermediate nodes, as long as each reads from nodes before it. The numbering only permutes the channels of the
    cell's output, and with them the input channels of the layers that read it. Nor does it matter what `none` reads:
    input 0 stands for all. For each cell, the representative is the smallest of all these forms, compared by inputs
    first and then by the operations' positions in `OPERATIONS`, behind which `none` stands.
    """
    return type(genotype)(_first_of(genotype.normal), _first_of(genotype.reduce))


def nodes_of(pairs: Pairs) -> list[tuple[Pair, Pair]]:
    """The two pairs of each intermediate node, node 2 first."""
    return [(pairs[2 * node], pairs[2 * node + 1]) for node in range(NODES)]


def renumbered(pairs: Pairs, order: tuple[int, ...]) -> Pairs:
    """The same cell with its nodes in another order.

    Args:
        pairs: (operation, input) pairs of one cell.
        order: a permutation of 0 to 3; the node with number `order[i]` (from 0) gets number i.
    """
    places = {INPUTS + old: INPUTS + new for new, old in enumerate(order)}
    nodes = nodes_of(pairs)
    return tuple((operation, places.get(source, source)) for old in order for operation, source in nodes[old])


def numberings(pairs: Pairs) -> Iterator[tuple[int, ...]]:
    """Every order of the nodes, for `renumbered`, in which each node reads only nodes before it."""
    reads = [{source - INPUTS for _, source in node if source >= INPUTS} for node in nodes_of(pairs)]
    for order in itertools.permutations(range(NODES)):
        if all(reads[node] <= set(order[:place]) for place, node in enumerate(order)):
            yield order


def _first_of(pairs: Pairs) -> Pairs:
    def rank(cell: Pairs) -> list[tuple[int, int]]:
        return [_place(pair) for pair in cell]

    pairs = tuple((operation, 0 if operation == NONE else source) for operation, source in pairs)
    return min((_sorted_nodes(renumbered(pairs, order)) for order in numberings(pairs)), key=rank)


def _place(pair: Pair) -> tuple[int, int]:
    return pair[1], GenotypeWithNone.operations.index(pair[0])


def _sorted_nodes(pairs: Pairs) -> Pairs:
    return tuple(pair for node in nodes_of(pairs) for pair in sorted(node, key=_place))


def _checked_cell(cell: str, given: Sequence[Sequence[object]], operations: tuple[str, ...]) -> Pairs:
    """The pairs as tuples, from any kind of sequences."""
    pairs = [tuple(pair) for pair in given]
    if len(pairs) != 2 * NODES:
        raise SpaceError(
            f"cell {cell!r} of a DARTS genotype has {len(pairs)} pairs, expected {2 * NODES}: two for each "
            f"of the nodes {INPUTS} to {INPUTS + NODES - 1}"
        )
    checked: list[Pair] = []
    for position, pair in enumerate(pairs):
        if len(pair) != 2:
            raise SpaceError(f"cell {cell!r}, pair {position} {shown(pair)}: not (operation, input)")
        operation, source = pair
        node = INPUTS + position // 2
        where = f"cell {cell!r}, node {node}, pair {position % 2} {shown(pair)}"
        if not isinstance(operation, str) or operation not in operations:
            why = " ('none' is dropped when a cell is derived; darts-none has it)" if operation == NONE else ""
            raise SpaceError(f"{where}: {unknown('operation', operation, operations)}{why}")
        if isinstance(source, bool) or not isinstance(source, int) or not 0 <= source < node:
            raise SpaceError(f"{where}: input {shown(source)} does not exist; node {node} reads from 0 to {node - 1}")
        checked.append((operation, source))
    return tuple(checked)
