"""The NAS-Bench-201 cell: a complete directed acyclic graph of four nodes with one operation per edge.

Dong & Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import SpaceError, unknown
from harness.spaces.plain_values import bracketed, plain_value, text_of
from harness.text.shown import cut, shown

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))  # (target, source), the order of the string
NODES = 4
INDEXED = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
"""The operations in the order of NASLib's indices."""

FORM = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
_INDEXED_EDGES = ((1, 0), (2, 0), (3, 0), (2, 1), (3, 1), (3, 2))
_EDGE_NAMES = tuple(f"{target}<-{source}" for target, source in EDGES)
_ARROW = re.compile(r"<-|←")
_NASLIB = dict(zip(("Identity", "Zero", "ReLUConvBN3x3", "ReLUConvBN1x1", "AvgPool1x1"), INDEXED, strict=True))
_VALUES = ("(", "[", "{", "array(", "np.array(", "numpy.array(", "list(", "tuple(")
_LONGEST = 2_000
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
        return text_of_operations(self.operations)


def text_of_operations(operations: Sequence[str]) -> str:
    """The string of a cell with these operations on its six edges."""
    terms: list[list[str]] = [[] for _ in range(NODES)]
    for (target, source), operation in zip(EDGES, operations, strict=True):
        terms[target].append(f"{operation}~{source}")
    return "+".join(f"|{'|'.join(node)}|" for node in terms[1:])


def parse(text: object) -> Cell:
    """The cell that a NAS-Bench-201 string encodes; the inverse of `str`. Blanks around `+` are ignored.

    Three more forms are read, as text or as the values themselves:

    - six indices, `(4, 0, 3, 1, 4, 3)`, also without brackets or in an array, as NASLib and NAS-Bench-Suite-Zero write
      them: edges in the order 1←0, 2←0, 3←0, 2←1, 3←1, 3←2 (not the string's), operations in the order of `INDEXED`
      (not of `OPERATIONS`);
    - a mapping of edges to operations, `{'1<-0': 'none', …}`, or with pairs of nodes, counted from 0 or from 1, and
      with NASLib's names of operations too;
    - a list of nodes, `[[('none', 0)], [('none', 0), ('none', 1)], …]`, as the authors' code prints it.

    Raises:
        SpaceError: naming the string, the position and what is expected there.
    """
    given = bracketed(text_of(text).strip().removeprefix("\ufeff").strip())
    if given.startswith(_VALUES) and len(given) <= _LONGEST:
        return _from_value(given)
    return Cell(operations_of_text(given, OPERATIONS, lambda why: _malformed(text, why)))


def operations_of_text(given: str, known: Sequence[str], malformed: Callable[[str], SpaceError]) -> tuple[str, ...]:
    """The operations of the six edges of a cell's string; the inverse of `text_of_operations`.

    Args:
        given: the string; blanks around `+` are ignored.
        known: names of the operations that an edge may have.
        malformed: the error for a reason.

    Raises:
        SpaceError: that of `malformed`, for a string of another form.
    """
    nodes = [node.strip() for node in given.split("+")]
    if len(nodes) != NODES - 1:
        raise malformed(f"it has {len(nodes)} nodes between '+', expected {NODES - 1}")
    operations: list[str] = []
    for target, node in enumerate(nodes, start=1):
        if len(node) < 2 or not (node.startswith("|") and node.endswith("|")):
            raise malformed(f"node {target} {shown(node)} does not stand between '|'")
        operations.extend(_node_operations(target, node[1:-1].split("|"), known, malformed))
    return tuple(operations)


def _from_value(text: str) -> Cell:
    try:
        value: Any = plain_value(ast.parse(text, mode="eval").body)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise _malformed(text, "it is neither a string of edges nor plain values") from None
    try:
        if isinstance(value, dict):
            return _from_edges([(_edge(key), operation) for key, operation in value.items()])
        if len(value) == len(EDGES) and all(type(index) is int for index in value):
            return _from_edges(list(zip(_INDEXED_EDGES, [_indexed(index) for index in value], strict=True)))
        pairs = [(target, *pair) for target, node in enumerate(value, start=1) for pair in node]
        return _from_edges([((target, source), operation) for target, operation, source in pairs])
    except SpaceError as error:
        raise _malformed(text, str(error)) from None
    except (TypeError, ValueError):
        raise _malformed(text, "it is no tuple of six indices, no mapping of edges and no list of nodes") from None


def _edge(key: object) -> tuple[int, int]:
    """(target, source) of an edge, written `1<-0` or as a pair of nodes, in any order."""
    nodes = _ARROW.split(key) if isinstance(key, str) else key
    if not isinstance(nodes, (tuple, list)) or len(nodes) != 2:
        raise SpaceError(f"edge {shown(key)} is not like '1<-0'")
    source, target = sorted(int(node) for node in nodes)
    return target, source


def _indexed(index: int) -> str:
    if not 0 <= index < len(INDEXED):
        raise SpaceError(f"operation index {shown(index)} does not exist; they go from 0 to {len(INDEXED) - 1}")
    return INDEXED[index]


def _from_edges(given: list[tuple[tuple[int, int], str]]) -> Cell:
    """The cell of operations by (target, source), each edge once; nodes may be counted from 1."""
    least = min((source for (_, source), _ in given), default=0)
    by_edge = {(target - least, source - least): operation for (target, source), operation in given}
    if least not in (0, 1) or len(given) != len(EDGES) or set(by_edge) != set(EDGES):
        raise SpaceError(f"it names {len(given)} edges; a cell has {len(EDGES)}: {', '.join(_EDGE_NAMES)}")
    return Cell(tuple(_NASLIB.get(by_edge[edge], by_edge[edge]) for edge in EDGES))


def _node_operations(
    target: int, terms: list[str], known: Sequence[str], malformed: Callable[[str], SpaceError]
) -> list[str]:
    if len(terms) != target:
        raise malformed(f"node {target} has {len(terms)} edges, expected {target}")
    operations = []
    for source, term in enumerate(terms):
        match = _TERM.fullmatch(term)
        if match is None:
            raise malformed(f"edge {target}←{source} {shown(term)} is not 'operation~source'")
        if match[1] not in known:
            raise malformed(unknown("operation", match[1], known))
        if match[2] != str(source):
            raise malformed(f"edge {target}←{source} {shown(term)} names source {shown(match[2])}, expected {source}")
        operations.append(match[1])
    return operations


def _malformed(text: object, why: str) -> SpaceError:
    return SpaceError(f"malformed NAS-Bench-201 cell {shown(str(text), 150)}: {cut(why, 400)}. A cell reads {FORM}")
