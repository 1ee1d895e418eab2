"""Evaluation: scores and searches are joined to published tables here, and nowhere else.

No other part of the harness imports `benchmarks`; the names that other parts may use of it are listed here. The
results are frozen records: a `Ranking`, a `Comparison`, a `BeyondSize`, a `Top`, a `Ceiling`, a `TradeOff`, a
`Transfer`, an `Ablation`. A name below is loaded on first use (`harness.loading.lazy`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import benchmarks
from harness.errors import InstallationError
from harness.loading.lazy import loaded_on_use

if "open_table" not in getattr(benchmarks, "__all__", ()):
    raise InstallationError(
        f"the package 'benchmarks' at {benchmarks.__file__} is not nasinit's, which has its tables in a package of "
        "that name: rename yours, or give nasinit an environment and a working folder of its own"
    )

if TYPE_CHECKING:
    from benchmarks.by_column import table_with, tables_with
    from benchmarks.errors import TableError
    from benchmarks.files import data_folder
    from benchmarks.formats.compact import write_compact
    from benchmarks.listing import Listing
    from benchmarks.plugins import PluginNotice
    from benchmarks.pull.pulling import pulled_file
    from benchmarks.readers.darts_published import PUBLISHED_GENOTYPES
    from benchmarks.registry import list_tables, open_table
    from benchmarks.table import Column, Facts, Table

__all__ = [
    "PUBLISHED_GENOTYPES",
    "Column",
    "Facts",
    "Listing",
    "PluginNotice",
    "Table",
    "TableError",
    "data_folder",
    "list_tables",
    "open_table",
    "published_architectures",
    "pulled_file",
    "table_with",
    "tables_with",
    "write_compact",
]

_HOMES = {
    "PUBLISHED_GENOTYPES": "benchmarks.readers.darts_published",
    "Column": "benchmarks.table",
    "Facts": "benchmarks.table",
    "Listing": "benchmarks.registry",
    "PluginNotice": "benchmarks.plugins",
    "Table": "benchmarks.table",
    "TableError": "benchmarks.errors",
    "data_folder": "benchmarks.files",
    "list_tables": "benchmarks.registry",
    "open_table": "benchmarks.registry",
    "pulled_file": "benchmarks.pull.pulling",
    "table_with": "benchmarks.by_column",
    "tables_with": "benchmarks.by_column",
    "write_compact": "benchmarks.formats.compact",
}


def published_architectures() -> dict[str, str]:
    """Published architectures as text, by the name that their authors' code gives them."""
    from benchmarks.readers.darts_published import PUBLISHED_GENOTYPES

    return {row.name: row.key() for row in PUBLISHED_GENOTYPES}


if not TYPE_CHECKING:  # a type checker would otherwise take every misspelt name for an attribute
    __getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
