"""Architecture strings: which space they belong to, whether they are whole, and when two of them are one architecture.

The tables cannot ask `harness.spaces`, which builds networks; this is a check of the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.errors import TableError, unknown
from benchmarks.genotypes import KeyFault, genotype_cells, looks_like_a_genotype

KEY = "architecture"
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
WIDTHS = tuple(str(width) for width in range(8, 65, 8))
"""Channels of a layer in NATS-Bench's size space."""

_SHOWN = 100
_Read = TypeVar("_Read")
_OPERATION = "|".join(OPERATIONS)
_CELL = re.compile(r"\+".join(r"\|" + "".join(rf"({_OPERATION})~{i}\|" for i in range(node)) for node in (1, 2, 3)))


def shown(key: str) -> str:
    """A key as messages quote it: whole, or its beginning where it is longer than 100 characters."""
    return repr(key) if len(key) <= _SHOWN else f"{key[:_SHOWN]!r}…"


def space_of(key: str) -> str:
    """Space that a key is written for, by its form alone; KeyFault where it is of none.

    >>> space_of("8:16:24:32:64"), space_of("|none~0|+|none~0|none~1|"), space_of("[[(0, 4), (1, 3)], []]")
    ('natsbench-size', 'nasbench201', 'darts')
    """
    text = key.strip()
    if text.startswith("|"):
        return "nasbench201"
    if re.fullmatch(r"[0-9]+(:[0-9]+)+", text):
        return "natsbench-size"
    if looks_like_a_genotype(text):
        return "darts"
    raise KeyFault(
        "is no architecture of a known space. Known: NAS-Bench-201 cells (|none~0|+|none~0|none~1|+…), DARTS genotypes "
        "(Genotype(normal=[('sep_conv_3x3', 0), …) and NATS-Bench sizes (8:16:24:32:64)"
    )


def identities(path: Path, column: str, keys: Sequence[str], space: str | None = None) -> tuple[str, list[Hashable]]:
    """Space of a column of keys, and for each key a value that is equal for equal architectures.

    In `darts` the order of a node's two inputs and the form of the text mean nothing; in the other spaces an
    architecture has one text.

    Args:
        path: file that messages name.
        column: name of the column, for messages.
        keys: as the file holds them, one or more.
        space: the space that they must be of; None for that of the first key.

    Raises:
        TableError: a key that is broken, of no known form, or of another space than the first; names file, row (from
            0) and column.

    """
    space = space or _checked(path, column, 0, keys[0], space_of)
    read = _IDENTITIES[space]
    found: list[Hashable] = []
    for row, key in enumerate(keys):
        try:
            found.append(read(key))
        except KeyFault:
            if (its_space := _checked(path, column, row, key, space_of)) != space:
                origin = "row 0" if row else "this table"
                raise TableError(
                    f"{path}: row {row}, column {column!r}: {shown(key)} is of the space {its_space}, but {origin} "
                    f"is of the space {space}: a table is about one space, so split the file"
                ) from None
            _checked(path, column, row, key, read)
    return space, found


def cell_fault(key: str) -> str:
    """What is wrong with a NAS-Bench-201 cell; empty if nothing is.

    >>> cell_fault("|none~0|+|none~0|none~1|")
    'it has 2 nodes, expected 3 after the input'
    """
    if _CELL.fullmatch(key):
        return ""
    nodes = key.split("+")
    if len(nodes) != 3:
        return f"it has {len(nodes)} nodes, expected 3 after the input"
    for place, node in enumerate(nodes, start=1):
        edges = node[1:-1].split("|")
        if not (node.startswith("|") and node.endswith("|")) or len(edges) != place:
            example = "".join(f"|none~{source}" for source in range(place))
            return f"node {place} is {node!r}, expected {place} operations between bars, such as {example}|"
        for source, edge in enumerate(edges):
            operation, _, given = edge.partition("~")
            if operation not in OPERATIONS:
                return f"node {place}: {unknown('operation', operation, OPERATIONS)}"
            if given != str(source):
                return f"node {place}: {edge!r} stands where {operation}~{source} is expected"
    return "it is of another form"


def _cell(key: str) -> str:
    if fault := cell_fault(key):
        raise KeyFault(f"is not a NAS-Bench-201 cell: {fault}")
    return key


def _sizes(key: str) -> str:
    sizes = key.split(":")
    if len(sizes) != 5 or not set(sizes) <= set(WIDTHS):
        raise KeyFault(f"is not a NATS-Bench size: expected five widths, each one of {', '.join(WIDTHS)}")
    return key


_IDENTITIES: Mapping[str, Callable[[str], Hashable]] = {
    "nasbench201": _cell,
    "darts": genotype_cells,
    "natsbench-size": _sizes,
}


def _checked(path: Path, column: str, row: int, key: str, read: Callable[[str], _Read]) -> _Read:
    try:
        return read(key)
    except KeyFault as fault:
        raise TableError(f"{path}: row {row}, column {column!r}: {shown(key)} {fault}") from None
