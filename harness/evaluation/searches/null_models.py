"""What a table of searches is to be read against: cells that are chosen by their size, or by one rule, alone.

They follow from the table and nothing is run; a search that is not above them has found no more than that rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import product

import numpy as np

from benchmarks import Table
from harness.evaluation.columns import SPACE
from harness.evaluation.searches.proxy_scores import sizes_by_cell
from harness.spaces import open_space
from harness.spaces.listed import all_architectures
from harness.spaces.nasbench201.cell import EDGES, Cell

CONVOLUTIONS = ("nor_conv_1x1", "nor_conv_3x3")
MeanAndStd = tuple[float, float]


def largest_of(table: Table, columns: Iterable[str], count: int) -> dict[str, MeanAndStd]:
    """Mean and standard deviation of the cell with the most parameters among `count` random cells of NAS-Bench-201.

    Args:
        table: a table with values of all cells.
        columns: names of its columns.
        count: number of cells, drawn with replacement; 1 for a random cell.

    Returns:
        The exact expectation (`harness.stats.best_of_random`) by column, in the column's unit.
    """
    from harness.stats import best_of_random

    keys, params = _cells()
    return {name: best_of_random(params, table.values(list(keys), name), count) for name in columns}


def all_convolutions(table: Table, columns: Iterable[str]) -> dict[str, MeanAndStd]:
    """Mean and standard deviation over the 2⁶ cells of NAS-Bench-201 with a convolution on each of the six edges.

    Args:
        table: a table with values of these cells.
        columns: names of its columns.

    Returns:
        What a uniform draw from these cells gives (deviation with n), by column.
    """
    space = open_space(SPACE)
    keys = [space.key(Cell(operations)) for operations in product(CONVOLUTIONS, repeat=len(EDGES))]
    found = {name: np.asarray(table.values(keys, name), dtype=float) for name in columns}
    return {name: (float(values.mean()), float(values.std())) for name, values in found.items()}


@cache
def _cells() -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Keys of all cells, and their parameters."""
    space = open_space(SPACE)
    return tuple(space.key(cell) for cell in all_architectures(space)), tuple(sizes_by_cell(space)["params"])
