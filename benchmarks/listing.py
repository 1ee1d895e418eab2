"""What is known of a table without reading it."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.table import SCORE, Column, Facts, Table


@dataclass(frozen=True)
class Listing:
    """One name for `open_table`: the facts that are known without reading the table, and whether it is available.

    Attributes:
        name: name for `open_table`.
        facts: facts of the published table, or those in a Parquet file; `facts.path` is the file that would be read,
            None if there is none.
        available: whether the table can be opened.
        reason: where the table was found, how to get it, or what is wrong with a damaged file.
        columns: columns of the published table, of which a CSV file may lack some, or those in a Parquet file.
        opens: name of another listed table where this name only opens that one, else empty.
        rows_with_numbers: number of rows with numbers, below `facts.rows` for a table that was converted in part; None
            where the file does not tell.
        damaged: whether the file is damaged; then only its path is known.
    """

    name: str
    facts: Facts
    available: bool
    reason: str
    columns: tuple[Column, ...] = ()
    opens: str = ""
    rows_with_numbers: int | None = None
    damaged: bool = False

    @property
    def measures(self) -> bool:
        """Whether a column holds what a training or a measurement gave, and not a score of a proxy."""
        return any(column.unit != SCORE for column in self.columns)

    @classmethod
    def of(cls, table: Table) -> Listing:
        """The listing of an open table, such as that of a user's file."""
        from benchmarks.formats.compact import rows_with_numbers

        counted = rows_with_numbers(table)
        return cls(table.facts.name, table.facts, True, "read", table.columns, rows_with_numbers=counted)
