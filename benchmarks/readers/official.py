"""The official NAS-Bench-201 table from a converted release, the pulled extract, or the CSV file."""

from __future__ import annotations

from pathlib import Path

from benchmarks.errors import TableError
from benchmarks.readers.nasbench201 import EXTRACT_NAME, FACTS, read_nasbench201
from benchmarks.table import Column, Facts, Table

FILES = ("nasbench201.parquet", "nasbench201_official.csv.gz", "nasbench201_official.csv")
"""Names of the table's files, in the order of preference; see also `holds_less`."""


def read_official(path: Path) -> Table:
    """Table of a compact file or of a CSV file in the official form; TableError also for another space."""
    if path.suffix != ".parquet":
        return read_nasbench201(path)
    from benchmarks.formats.compact import read_compact

    table = read_compact(path)
    _check_space(path, table.facts)
    return table


def describe_official(path: Path) -> tuple[tuple[Column, ...], Facts, int | None]:
    """Columns, facts and number of rows with numbers from a compact file's footer; TableError if it is damaged."""
    from benchmarks.formats.compact import describe_compact

    columns, facts, counted = describe_compact(path)
    _check_space(path, facts)
    return tuple(columns), facts, counted


def holds_less(path: Path) -> bool:
    """Whether a file has less than the official CSV file: the pulled extract, or a conversion of some records."""
    if path.suffix != ".parquet":
        return False
    try:
        _, facts, counted = describe_official(path)
    except TableError:  # a damaged file must give an error later, not be skipped
        return False
    return facts.name == EXTRACT_NAME or counted not in (None, facts.rows)


def _check_space(path: Path, facts: Facts) -> None:
    if facts.space != FACTS.space:
        raise TableError(f"{path} is a table of the space {facts.space}, not of {FACTS.space}")
