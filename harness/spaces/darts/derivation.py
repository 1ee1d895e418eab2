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


def discrete_weights(genotype: Genotype) -> dict[str, list[list[int]]]:
    """The operation weights of a genotype by group, 14 rows of 8: 1 where an edge has an operation, else 0.

    Edges that the genotype leaves out are 0, `none` included. `derive` gives the genotype back, unless a node reads one
    input twice, whose operations are then both counted on its edge.
    """
    found = {}
    for name, pairs in zip(GROUPS, (genotype.normal, genotype.reduce), strict=True):
        rows = [[0] * len(OPERATIONS) for _ in EDGES]
        for place, (operation, source) in enumerate(pairs):
            rows[EDGES.index((INPUTS + place // 2, source))][OPERATIONS.index(operation)] += 1
        found[name] = rows
    return found


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
