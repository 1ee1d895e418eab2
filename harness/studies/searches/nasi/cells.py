"""Accuracies of sets of cells: what readings choose, and the null models that they are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from harness.evaluation import Table
from harness.evaluation.columns import SPACE
from harness.evaluation.searches.fidelities import test_accuracies
from harness.evaluation.searches.null_models import CONVOLUTIONS
from harness.spaces import open_space
from harness.spaces.listed import all_architectures
from harness.spaces.nasbench201.cell import EDGES, OPERATIONS
from harness.studies.searches.nasi.readings import NONE, FloatArray, IntArray

SHORT = {"none": "none", "skip_connect": "skip", "nor_conv_1x1": "c1", "nor_conv_3x3": "c3", "avg_pool_3x3": "pool"}
"""Short names of the operations in tables."""
_CONVOLUTIONS = tuple(map(OPERATIONS.index, CONVOLUTIONS))
_PLACES = len(OPERATIONS) ** np.arange(len(EDGES) - 1, -1, -1)
_SHORTCUT = EDGES.index((3, 0))
"""The edge from a cell's input to its output."""


class Accuracies(NamedTuple):
    """Test accuracies of all cells.

    Attributes:
        columns: names of the columns of the table.
        values: per cent, [cells, columns], the cells by their operations with the first edge varying slowest.
        lacking: notes on columns that the table lacks for some cells.
    """

    columns: tuple[str, ...]
    values: FloatArray
    lacking: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: Table) -> Accuracies:
        """The accuracies of a table of NAS-Bench-201.

        Raises:
            SearchError: a table without test accuracies of all cells.
            TableError: a table that lacks cells, or is of another space.
        """
        space = open_space(SPACE)
        found, lacking = test_accuracies(table, [space.key(cell) for cell in all_architectures(space)])
        return cls(tuple(found), np.stack([np.asarray(values) for values in found.values()], axis=1), lacking)

    def of_cells(self, cells: Iterable[Sequence[int] | IntArray]) -> FloatArray:
        """Accuracies [cells, columns] of cells given by the column of each edge's operation."""
        places = np.array([int(np.asarray(cell) @ _PLACES) for cell in cells], dtype=int)
        found: FloatArray = self.values[places]
        return found

    def row(self, cells: Sequence[Sequence[int] | IntArray]) -> dict[str, Any]:
        """`runs`, and `…_mean` and `…_std` (n − 1) of each column over cells, NaN where there are too few."""
        values = self.of_cells(cells)
        row: dict[str, Any] = {"runs": len(values)}
        for place, name in enumerate(self.columns):
            row[f"{name}_mean"] = float(values[:, place].mean()) if len(values) else np.nan
            row[f"{name}_std"] = float(values[:, place].std(ddof=1)) if len(values) > 1 else np.nan
        return row


def short_name(cell: Sequence[int] | IntArray) -> str:
    """The operations of a cell in short, in the order of the edges 0>1, 0>2, 1>2, 0>3, 1>3, 2>3."""
    return ",".join(SHORT[OPERATIONS[operation]] for operation in cell)


def most_frequent(cells: Sequence[IntArray]) -> str:
    """The operation that most cells have on each edge, in short; of equally frequent ones that of the first cell."""
    return short_name([Counter(column).most_common(1)[0][0] for column in np.array(cells).T.tolist()]) if cells else ""


def null_models() -> Mapping[str, list[tuple[int, ...]]]:
    """Sets of cells by name: all of convolutions alone, and those of them whose shortcut 0>3 is `none`."""
    convolutions = list(product(_CONVOLUTIONS, repeat=len(EDGES)))
    cut = dict.fromkeys((*cell[:_SHORTCUT], NONE, *cell[_SHORTCUT + 1 :]) for cell in convolutions)
    return {"convolutions alone": convolutions, "convolutions, none at 0>3": list(cut)}
