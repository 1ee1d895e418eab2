"""The NAS-Bench-201 cell: a complete directed acyclic graph of four nodes with one operation per edge.

Dong & Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.errors import SpaceError, unknown

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))  # (target, source), the order of the string
NODES = 4

_FORM = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
_TERM = re.compile(r"([^|~+]*)~([^|~+]*)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One architecture: the operations of the six edges in the order 1←0, 2←0, 2←1, 3←0, 3←1, 3←2."""

    operations: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.operations) != len(EDGES):
            raise SpaceError(f"a NAS-Bench-201 cell has {len(EDGES)} operations, got {len(self.operations)}")
        for operation in self.operations:
            if operation not in OPERATIONS:
                raise SpaceError(unknown("operation", operation, OPERATIONS))

    def __str__(self) -> str:
        terms: list[list[str]] = [[] for _ in range(NODES)]
        for (target, source), operation in zip(EDGES, self.operations, strict=True):
            terms[target].append(f"{operation}~{source}")
        return "+".join(f"|{'|'.join(node)}|" for node in terms[1:])


def parse(text: str) -> Cell:
    """The cell that a NAS-Bench-201 string encodes; the inverse of `str`.

    Raises:
        SpaceError: naming the string, the position and what is expected there.
    """
    nodes = str(text).strip().split("+")
    if len(nodes) != NODES - 1:
        raise _malformed(text, f"it has {len(nodes)} nodes between '+', expected {NODES - 1}")
    operations: list[str] = []
    for target, node in enumerate(nodes, start=1):
        if len(node) < 2 or not (node.startswith("|") and node.endswith("|")):
            raise _malformed(text, f"node {target} {node!r} does not stand between '|'")
        operations.extend(_node_operations(text, target, node[1:-1].split("|")))
    return Cell(tuple(operations))


def _node_operations(text: str, target: int, terms: list[str]) -> list[str]:
    if len(terms) != target:
        raise _malformed(text, f"node {target} has {len(terms)} edges, expected {target}")
    operations = []
    for source, term in enumerate(terms):
        match = _TERM.fullmatch(term)
        if match is None:
            raise _malformed(text, f"edge {target}←{source} {term!r} is not 'operation~source'")
        if match[1] not in OPERATIONS:
            raise _malformed(text, unknown("operation", match[1], OPERATIONS))
        if match[2] != str(source):
            raise _malformed(text, f"edge {target}←{source} {term!r} names source {match[2]!r}, expected {source}")
        operations.append(match[1])
    return operations


def _malformed(text: object, why: str) -> SpaceError:
    return SpaceError(f"malformed NAS-Bench-201 cell {str(text)!r:.150}: {why:.400}. A cell reads {_FORM}")
