"""The published tables that are read from data files of other installed distributions, whose code is never imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.readers import analognasbench, nasbench_graph
from benchmarks.table import Column, Facts, Table


@dataclass(frozen=True)
class PackagedTable:
    """A published table in a data file of a distribution.

    Attributes:
        facts: facts of the table.
        columns: all columns of the table.
        distribution: name of the distribution.
        installed_file: finds the data file; TableError where the distribution is not installed.
        read: reads the given data file, or for None the installed one.
    """

    facts: Facts
    columns: tuple[Column, ...]
    distribution: str
    installed_file: Callable[[], Path]
    read: Callable[[Path | None], Table]


def _nasbench_graph(dataset: str) -> PackagedTable:
    return PackagedTable(
        nasbench_graph.facts_of(dataset),
        nasbench_graph.columns_of(dataset),
        nasbench_graph.DISTRIBUTION,
        partial(nasbench_graph.installed_file, dataset),
        partial(nasbench_graph.read_nasbench_graph, dataset),
    )


PACKAGED: Mapping[str, PackagedTable] = {
    table.facts.name: table
    for table in (
        PackagedTable(
            analognasbench.FACTS,
            analognasbench.COLUMNS,
            analognasbench.DISTRIBUTION,
            analognasbench.installed_file,
            analognasbench.read_analognasbench,
        ),
        *map(_nasbench_graph, nasbench_graph.DATA_SETS),
    )
}
"""The tables by name."""
