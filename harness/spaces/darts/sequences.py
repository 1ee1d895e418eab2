"""Genotypes as sequences of choices, for predictors that read or write sequences.

A cell is eleven choices: the operations of node 2, which reads both inputs of the cell; then for each of the nodes 3, 4
and 5 which two nodes it reads, and the operation on each, in the order of what they read. The normal cell stands first.
"""

from __future__ import annotations

from itertools import combinations

from harness.spaces.darts.genotype import INPUTS, NODES, OPERATIONS, Genotype, Pairs, nodes_of
from harness.spaces.searches import IndexedSpace, SequenceSpace

_READ = tuple(tuple(combinations(range(INPUTS + node), 2)) for node in range(NODES))
"""The pairs of nodes that each node may read, node 2 first."""
_OPTIONS = tuple(
    options
    for read in _READ
    for options in (*((len(read),) if len(read) > 1 else ()), len(OPERATIONS), len(OPERATIONS))
)


def tokens(genotype: Genotype) -> tuple[int, ...] | None:
    """The 22 choices of a genotype; None where a node reads one node twice.

    Args:
        genotype: a genotype whose pairs are in the order of what they read, as a canonical one has them.
    """
    cells = [_tokens_of_cell(pairs) for pairs in (genotype.normal, genotype.reduce)]
    normal, reduce = cells
    return None if normal is None or reduce is None else normal + reduce


def _tokens_of_cell(pairs: Pairs) -> tuple[int, ...] | None:
    found: list[int] = []
    for node, read in zip(nodes_of(pairs), _READ, strict=True):
        sources = tuple(source for _, source in node)
        if sources not in read:
            return None
        found += [read.index(sources)] * (len(read) > 1)
        found += [OPERATIONS.index(operation) for operation, _ in node]
    return tuple(found)


SEQUENCES = SequenceSpace(
    IndexedSpace(max(_OPTIONS), (1,) * (2 * len(_OPTIONS)), options=_OPTIONS * 2),
    tokens,
)
