"""Derivation of an architecture of SANE from operation weights."""

from __future__ import annotations

from harness.spaces.group import EdgeWeights, Group, Masks, OperationWeights, strengths
from harness.spaces.sane.encoding import LAYER_AGGREGATORS, LAYERS, NODE_AGGREGATORS, SKIPS, SaneArchitecture

_JOINED = LAYERS + 1
GROUPS = {
    "node": Group(tuple((layer, layer - 1) for layer in range(1, LAYERS + 1)), NODE_AGGREGATORS),
    "skip": Group(tuple((_JOINED, layer) for layer in range(1, LAYERS + 1)), SKIPS),
    "layer": Group(((_JOINED + 1, _JOINED),), LAYER_AGGREGATORS),
}
"""α of the node aggregators [3, 11], of the skips [3, 2] and of the layer aggregator [1, 3]."""


def derive(weights: OperationWeights, edges: EdgeWeights | None, operations: Masks | None) -> SaneArchitecture:
    """The architecture of the largest weights; of equal ones the first."""
    found = {}
    for name, rows in strengths(weights, edges, operations, GROUPS).items():
        found[name] = tuple(GROUPS[name].operations[row.index(max(row))] for row in rows)
    return SaneArchitecture(found["node"], found["skip"], found["layer"][0])
