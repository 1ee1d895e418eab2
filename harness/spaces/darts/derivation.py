"""Derivation of a genotype from operation weights."""

from __future__ import annotations

import math

from harness.errors import SpaceError
from harness.spaces.darts.genotype import INPUTS, NODES, Genotype, Pair, Pairs
from harness.spaces.darts.genotype import OPERATIONS as CHOSEN
from harness.spaces.group import EdgeWeights, Group, Masks, OperationWeights, strengths

OPERATIONS = ("none", *CHOSEN)
"""The operations of a search, in the authors' order."""

EDGES = tuple((target, source) for target in range(INPUTS, INPUTS + NODES) for source in range(target))
"""The 14 edges (target, source) of a cell, in the authors' order."""

KEPT = 2
"""Number of inputs that a node of a genotype has."""

GROUPS = {"normal": Group(EDGES, OPERATIONS, KEPT), "reduce": Group(EDGES, OPERATIONS, KEPT)}


def derive(weights: OperationWeights, edges: EdgeWeights | None, operations: Masks | None) -> Genotype:
    """The derived genotype: at each node the two inputs with the strongest operations other than `none`.

    As in Liu, Simonyan and Yang (2019, section 2.4), the stronger input first. The strength of an operation is its
    weight; with edge weights, the product of both (Xu et al. 2020, section 3.3). Of equal strengths the first counts.
    """
    rows = strengths(weights, edges, operations, GROUPS)
    return Genotype(*(_cell(group, rows[group]) for group in GROUPS))


def _cell(group: str, rows: list[list[float]]) -> Pairs:
    pairs: list[Pair] = []
    for node in range(INPUTS, INPUTS + NODES):
        # the table's first column is `none`
        choices = {source: row[1:] for (target, source), row in zip(EDGES, rows, strict=True) if target == node}
        strongest = sorted(choices, key=lambda source: -max(choices[source]))[:KEPT]
        for source in strongest:
            best = max(choices[source])
            if best == -math.inf:
                raise SpaceError(
                    f"node {node} of group {group!r} keeps fewer than two inputs with an operation other than 'none'"
                )
            pairs.append((CHOSEN[choices[source].index(best)], source))
    return tuple(pairs)
