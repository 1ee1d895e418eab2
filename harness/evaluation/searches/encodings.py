"""Columns of tables with the encodings of their architectures, for predictors.

A listed space states its architectures as choices of one operation on each edge; any other space may give the operation
weights of a discrete architecture (`discrete_weights`), as DARTS's does.

Legend: C architectures, D entries of an encoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks import Table
from harness.evaluation.matching import column_by_key, space_of
from harness.spaces.listed import all_architectures

if TYPE_CHECKING:
    from harness.prediction.encoding import Shapes
    from harness.search.query.indexed import FloatArray
    from harness.spaces.space import Architecture, Space


class Costs(NamedTuple):
    """A quantity of architectures: of all cells of a listed space, else of those of a table.

    Attributes:
        values: the quantity of each, [C], in the order of the space or of the table; NaN where the table has none.
        codes: their encodings, [C, D].
        shapes: (E, O) of each group of the encoding.
    """

    values: FloatArray
    codes: FloatArray
    shapes: Shapes


class _Cells(NamedTuple):
    """All cells of a space in its order: keys, encodings [C, D], (E, O), and the place of each key."""

    keys: list[str]
    codes: FloatArray
    shapes: Shapes
    places: dict[str, int]


def costs_of(table: Table, column: str) -> Costs:
    """A column of a table with the encodings of its architectures.

    Raises:
        SearchError: a space whose architectures are no choices of one operation on each edge, and that gives no
            operation weights of theirs.
        TableError: as `harness.evaluation.matching.column_by_key`.
    """
    space = space_of(table)
    if not hasattr(space, "discrete_weights"):
        cells, known = _cells(space), column_by_key(table, column).values
        values = np.array([known.get(key, np.nan) for key in cells.keys], dtype=np.float64)
        return Costs(values, cells.codes, cells.shapes)
    known = column_by_key(table, column).values
    texts: dict[str, str] = {}
    for text in table.keys:
        texts.setdefault(space.key(space.parse(text)), text)
    values = np.array([known.get(key, np.nan) for key in texts], dtype=np.float64)
    codes, shapes = encoded_tables(space, [space.parse(text) for text in texts.values()])
    return Costs(values, codes, shapes)


def encodings(space: Space, texts: Sequence[str]) -> FloatArray:
    """The encodings [C, D] of architectures, given as texts, as `costs_of` has them."""
    if hasattr(space, "discrete_weights"):
        return encoded_tables(space, [space.parse(text) for text in texts])[0]
    cells = _cells(space)
    return np.asarray(cells.codes[[cells.places[space.key(space.parse(text))] for text in texts]])


def encoded_tables(space: Space, architectures: Sequence[Architecture]) -> tuple[FloatArray, Shapes]:
    """The encodings [C, D] of architectures by their operation weights, and (E, O) of each group."""
    tables = [space.discrete_weights(each) for each in architectures]  # type: ignore[attr-defined]
    rows = [np.concatenate([np.asarray(table, dtype=np.float64).ravel() for table in one.values()]) for one in tables]
    return np.stack(rows), tuple((len(table), len(table[0])) for table in tables[0].values())


@cache
def _cells(space: Space) -> _Cells:
    from harness.prediction.encoding import one_hots
    from harness.search.query.indexed import indexed

    choices = indexed(space)
    keys = [space.key(cell) for cell in all_architectures(space)]
    numbers = np.indices((choices.operations,) * choices.edges).reshape(choices.edges, -1).T
    codes = one_hots(numbers, choices.operations)
    codes.flags.writeable = False
    shapes = ((choices.edges, choices.operations),)
    return _Cells(keys, codes, shapes, {key: place for place, key in enumerate(keys)})
