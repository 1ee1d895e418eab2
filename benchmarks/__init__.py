"""Published numbers by architecture: *tabular benchmarks* such as NAS-Bench-201. Not speed tests.

A table gives measured values for each architecture of a search space: accuracy by data set, split and number of
epochs, accuracy under attack, latency, energy. Any CSV or Parquet file with a column `architecture` is a table, too.

    table = benchmarks.open_table("nasbench201")
    table.values(keys, "cifar10_test_200ep_pct")

Learning curves, with one value per epoch, which `nasinit convert --curves` writes next to a table:

    curves = benchmarks.read_curves("nasbench201.curves.parquet")
    curves.values(keys, "cifar10_test_200ep_pct_seed777")

Importing this package imports nothing else: each name below is loaded on first use (PEP 562), so that
`import benchmarks` works, and costs nothing, where numpy is not installed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.by_column import table_with
    from benchmarks.errors import TableError
    from benchmarks.formats.curves import Curves, read_curves
    from benchmarks.listing import Listing
    from benchmarks.registry import list_tables, open_table
    from benchmarks.table import Column, Facts, Table

__all__ = [
    "Column",
    "Curves",
    "Facts",
    "Listing",
    "Table",
    "TableError",
    "list_tables",
    "open_table",
    "read_curves",
    "table_with",
]

_HOMES = {
    "Column": "benchmarks.table",
    "Curves": "benchmarks.formats.curves",
    "Facts": "benchmarks.table",
    "Listing": "benchmarks.listing",
    "Table": "benchmarks.table",
    "TableError": "benchmarks.errors",
    "list_tables": "benchmarks.registry",
    "open_table": "benchmarks.registry",
    "read_curves": "benchmarks.formats.curves",
    "table_with": "benchmarks.by_column",
}

if not TYPE_CHECKING:  # with it, a type checker would accept every misspelt name

    def __getattr__(name: str) -> object:
        """Load a public name on first use."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Names that are loaded already, and names that can be loaded."""
    return sorted({*globals(), *__all__})
