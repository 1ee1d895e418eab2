"""Tables that other installed distributions bring, by the entry point group `nasinit.tables`.

    [options.entry_points]
    nasinit.tables =
        my-table = my_package:open_my_table

The entry point is a function without arguments that returns a `Table`. The entry point's name is the table's name,
whatever `facts.name` was, such as the name of the file of `benchmarks.open_table(path)`.
"""

from __future__ import annotations

from collections.abc import Container
from importlib.metadata import EntryPoint

from benchmarks.plugins import PluginError, Plugins
from benchmarks.shown import shown
from benchmarks.table import Table


def installed_tables(taken: Container[str]) -> Plugins[Table]:
    """The tables of other distributions; those with one of the names `taken` are left out."""
    return Plugins("nasinit.tables", "table", taken.__contains__, _opened)


def origin(point: EntryPoint) -> str:
    """Where a table of another distribution comes from, in words."""
    return f"in the installed distribution {point.dist.name}" if point.dist else f"by {point.value}"


def _opened(point: EntryPoint) -> Table:
    table = point.load()()
    if not isinstance(table, Table):
        raise PluginError(f"{point.attr} gives {shown(table)}, not a benchmarks.Table")
    return table if table.facts.name == point.name else table.renamed(point.name)
