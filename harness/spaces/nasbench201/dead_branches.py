"""Dead branches of cells on NAS-Bench-201's graph: edges with an operation on no path from the input to the output."""

from __future__ import annotations

from collections.abc import Sequence

from harness.spaces.nasbench201.cell import EDGES, NODES

_NONE = "none"


def has_dead_branch(operations: Sequence[str]) -> bool:
    """Whether an edge that is not `none` leads from a node without input, or into one that the output does not read.

    9,445 of the 15,625 cells of NAS-Bench-201 have none, and 2,128 of the 4,096 of TransNAS-Bench-101's micro space.
    They are the pools of GRAF (Kadlecová et al. 2024), whose code calls them valid. The cell without any edge is among
    them: it has no branch at all.

    Args:
        operations: names of the operations of the six edges in the order of `EDGES`.
    """
    edges = [edge for edge, operation in zip(EDGES, operations, strict=True) if operation != _NONE]
    fed, read = {0}, {NODES - 1}
    for target in range(1, NODES):
        if any(end == target and source in fed for end, source in edges):
            fed.add(target)
    for source in reversed(range(NODES - 1)):
        if any(start == source and end in read for end, start in edges):
            read.add(source)
    alive = fed & read
    return any(end not in alive or source not in alive for end, source in edges)
