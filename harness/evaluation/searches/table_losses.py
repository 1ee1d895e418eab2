"""Losses of all cells of a space from a column of a table, for searches on a table supernet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks import Table
from harness.errors import SearchError
from harness.evaluation.columns import SPACE, check_measured, is_accuracy, table_of
from harness.evaluation.matching import space_of
from harness.spaces.listed import all_architectures

if TYPE_CHECKING:
    from torch import Tensor

    from harness.search.gradient.table_supernet import TableLosses
    from harness.search.query.indexed import FloatArray

D = TypeVar("D")

PREFIX = "table:"
"""What the name of a column begins with where a search takes it in the place of images."""


def table_losses(
    column: str, table: Table | str | Path | None = None, *, space: str = SPACE, robust: str | None = None
) -> TableLosses:
    """The losses of all cells of a space, in the place of the images of `harness.run_search`.

    An accuracy a in per cent is the loss 1 − a/100, so that its expectation under a distribution of cells is the
    expected error. Any other quantity is divided by its largest value; where more is better, it is taken from 1 first.
    A cell's loss is at least 10⁻⁶.

    Args:
        column: name of a column that measures something.
        table: the table, its name or path; by default the first one of the space that is here and has the column.
        space: name of the space, where no table is given.
        robust: name of a further column of the table, an accuracy under attack, for the objective `robust` of E2RNAS.

    Raises:
        TableError: no such table or column, or a column that counts.
        SearchError: a space whose cells are no choices of one operation on each edge, a cell without a value, or a
            value below 0.
    """
    from harness.search.gradient.table_supernet import TableLosses

    opened = table_of(column, table, space)
    if robust is None:
        return TableLosses(f"{column} of {opened.facts.name}", _cube(opened, column))
    both = f"{column} and {robust} of {opened.facts.name}"
    return TableLosses(both, _cube(opened, column), _cube(opened, robust))


def opened_data(data: D, space: str = SPACE) -> D | TableLosses:
    """The data of a search: losses where they are written as `table:COLUMN` or `table:COLUMN,ROBUST`, else as given."""
    if isinstance(data, str) and data.startswith(PREFIX):
        column, comma, robust = data.removeprefix(PREFIX).partition(",")
        return table_losses(column, space=space, robust=robust if comma else None)
    return data


def _losses(table: Table, column: str, values: FloatArray) -> FloatArray:
    import numpy as np

    if is_accuracy(table, column):
        return np.asarray(1 - values / 100)
    shares: FloatArray = values / values.max()
    return np.asarray(1 - shares) if table.column(column).higher_is_better else shares


def _cube(opened: Table, column: str) -> Tensor:
    """The losses of a column, float64 [O, ..., O] with an axis for each edge."""
    import torch

    from harness.search.query.indexed import indexed

    check_measured(opened, column)
    its_space = space_of(opened)
    choices = indexed(its_space)
    keys = [its_space.key(cell) for cell in all_architectures(its_space)]
    values = opened.values(keys, column)
    if missing := int((values != values).sum()):
        raise SearchError(
            f"{column} of {opened.facts.name} lacks {missing:,} of {len(keys):,} cells: a search needs all"
        )
    if (values < 0).any() or not values.max() > 0:
        raise SearchError(
            f"{column} of {opened.facts.name} has values below 0, or none above: no losses are made of it"
        )
    losses = _losses(opened, column, values).clip(min=1e-6)
    return torch.from_numpy(losses.reshape((choices.operations,) * choices.edges).copy())
