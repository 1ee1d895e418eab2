"""Dead branches of NAS-Bench-201 cells: edges with an operation that lie on no path from the input to the output."""

from __future__ import annotations

from harness.spaces.nasbench201.cell import EDGES, NODES, Cell

_NONE = "none"


def has_dead_branch(cell: Cell) -> bool:
    """Whether an edge that is not `none` leads from a node without input, or into one that the output does not read.

    9,445 of the 15,625 cells have none. They are the pool of GRAF (Kadlecová et al. 2024), whose code calls them valid.
    The cell without any edge is among them: it has no branch at all.
    """
    edges = [edge for edge, operation in zip(EDGES, cell.operations, strict=True) if operation != _NONE]
    fed, read = {0}, {NODES - 1}
    for target in range(1, NODES):
        if any(end == target and source in fed for end, source in edges):
            fed.add(target)
    for source in reversed(range(NODES - 1)):
        if any(start == source and end in read for end, start in edges):
            read.add(source)
    alive = fed & read
    return any(end not in alive or source not in alive for end, source in edges)
