"""Derivation of a cell from operation weights."""

from __future__ import annotations

from harness.spaces.group import EdgeWeights, Group, Masks, OperationWeights
from harness.spaces.nasbench201.cell import EDGES
from harness.spaces.nasbench201.derivation import strongest
from harness.spaces.nasbench201_large.cell import OPERATIONS, LargeCell

GROUPS = {"cell": Group(EDGES, OPERATIONS)}


def derive(weights: OperationWeights, edges: EdgeWeights | None, operations: Masks | None) -> LargeCell:
    """The derived cell: on each edge the operation of the largest weight, `none` included; of equal ones the first."""
    return LargeCell(strongest(weights, edges, operations, GROUPS))
