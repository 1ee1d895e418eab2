"""The table of a study of searches, and its test accuracies of all cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import SearchError
from harness.evaluation import Table, open_table
from harness.evaluation.columns import SPACE
from harness.evaluation.searches.fidelities import test_accuracies
from harness.spaces import open_space
from harness.spaces.listed import all_architectures

if TYPE_CHECKING:
    from harness.search.query.indexed import FloatArray


def opened_table(name: str) -> Table:
    """The table of that name or path.

    Raises:
        TableError: a table that is not available.
        SearchError: a table of another space than NAS-Bench-201.
    """
    table = open_table(name)
    if table.facts.space != SPACE:
        raise SearchError(f"the study needs a table of {SPACE}; {table.facts.name} is of {table.facts.space}")
    return table


def accuracies_of_cells(table: Table) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Test accuracies of all cells of NAS-Bench-201, by column, and notes on the columns that lack some.

    Raises:
        SearchError: no test accuracy that every cell has.
    """
    space = open_space(SPACE)
    return test_accuracies(table, [space.key(cell) for cell in all_architectures(space)])
