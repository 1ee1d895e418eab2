"""Derivation of a cell from operation weights."""

from __future__ import annotations

from collections.abc import Mapping

from harness.spaces.group import EdgeWeights, Group, Masks, OperationWeights, strengths
from harness.spaces.nasbench201.cell import EDGES, OPERATIONS, Cell

GROUPS = {"cell": Group(EDGES, OPERATIONS)}


def derive(weights: OperationWeights, edges: EdgeWeights | None, operations: Masks | None) -> Cell:
    """The derived cell: on each edge the operation of the largest weight, `none` included; of equal ones the first."""
    return Cell(strongest(weights, edges, operations, GROUPS))


def strongest(
    weights: OperationWeights, edges: EdgeWeights | None, operations: Masks | None, groups: Mapping[str, Group]
) -> tuple[str, ...]:
    """The operation of the largest weight on each edge of the group `cell`; of equal ones the first."""
    rows = strengths(weights, edges, operations, groups)["cell"]
    return tuple(groups["cell"].operations[row.index(max(row))] for row in rows)
