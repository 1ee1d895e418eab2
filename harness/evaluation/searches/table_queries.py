"""What searches query in a table: its fidelities by search, and the notes on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks import Table
from harness.errors import SearchError, check_whole
from harness.evaluation.columns import table_facts
from harness.evaluation.matching import space_of
from harness.evaluation.searches.fidelities import TableFidelities, is_counted, table_fidelities
from harness.evaluation.searches.proxy_scores import sizes_by_cell
from harness.evaluation.searches.query_runs import QueryEnd
from harness.evaluation.searches.query_seconds import MODELLED, seconds_tables
from harness.spaces.listed import all_architectures
from harness.spaces.searches import EncodedSpace

if TYPE_CHECKING:
    from harness.search.query.indexed import FloatArray
    from harness.search.query.methods import QueryMethod
    from harness.spaces.space import Space


COUNTED = "counted"
"""What stands in the place of a table of seconds where queries are counted."""


class TableQueries:
    """The fidelities that searches query in the table, looked up once for each number of trainings.

    Attributes:
        space: the space of the table.
        indexed: its cells as integers; the encodings, where an architecture has several.
        keys: keys of the cells, in their order; empty for an encoding that is no architecture.
        name: name of the table.
        counted: whether queries are counted, since the table does not say how long its trainings take.

    Args:
        table: the table.
        column: name of the accuracy that is queried; None for the default one.
        seconds: a table with the seconds of trainings, its name or path, or `modelled`; None for the default.

    Raises:
        SearchError: a space that no search can query, or seconds that cannot be taken.
        TableError: an unknown column.
    """

    def __init__(self, table: Table, column: str | None, seconds: Table | str | None) -> None:
        import numpy as np

        from harness.search.query.indexed import indexed

        self.space: Space = space_of(table)
        try:
            self.indexed = indexed(self.space)
        except SearchError as error:
            raise SearchError(f"{table.facts.name} is of the space {self.space.name}: {error}") from error
        self.keys: Sequence[str] = _keys_of(self.space)
        self._table, self._column = table, column
        self.name = table.facts.name
        self.counted = is_counted(table)
        sizes = [] if self.counted else sizes_by_cell(self.space)["flops"]
        self._macs: FloatArray = np.array(sizes, dtype=np.float64)
        self._known: dict[int, TableFidelities] = {}
        if self.counted and seconds is not None:
            raise SearchError(f"{table.facts.name} does not say how long its trainings take: give no seconds")
        self._seconds = seconds_tables(table, seconds, self.space.name)
        if column is not None:
            table.column(column)  # a wrong name is an error also if no search queries

    def fidelities(self, trainings: int) -> TableFidelities:
        """The fidelities of a search that queries this many trainings; SearchError if the table lacks them."""
        if trainings not in self._known:
            self._known[trainings] = table_fidelities(
                self._table, self.keys, self._macs, self._column, trainings=trainings, seconds=self._seconds
            )
        return self._known[trainings]


def _keys_of(space: Space) -> Sequence[str]:
    """Keys of the cells of a space, or of its encodings."""
    if isinstance(encoded := getattr(space, "encoded", None), EncodedSpace):
        return encoded.keys()
    return [space.key(cell) for cell in all_architectures(space)]


def check_queries(queries: int | None, names: Sequence[str]) -> None:
    """Refuse a number of queries that is none, or that none of the named searches takes; no names are all searches.

    Raises:
        SearchError: with the searches that take one.
    """
    from harness.search.query.methods import METHODS

    counting = [name for name, method in METHODS.items() if method.most_queries]
    if queries is None:
        return
    check_whole("queries", queries, 1, SearchError)
    if names and not {*names} & {*counting}:
        raise SearchError(
            f"queries limits {', '.join(counting)}; {', '.join(names)} asks until its seconds are used up, or asks for "
            "nothing"
        )


def notes_on_fidelities(queries: TableQueries, ran: Mapping[str, QueryMethod]) -> list[str]:
    """Notes on the queried columns; a note that is not on all searches names those that it is on."""
    asking = {name: queries.fidelities(method.fidelities).notes for name, method in ran.items() if method.queries}
    found = []
    for note in dict.fromkeys(note for notes in asking.values() for note in notes):
        by = [name for name, notes in asking.items() if note in notes]
        found.append(note if len(by) == len(asking) else f"{', '.join(by)}: {note}")
    return found


def notes_on_ends(ran: Mapping[str, QueryMethod], ends: Mapping[str, QueryEnd], most: int | None) -> list[str]:
    """Notes on the searches that might have asked for more accuracies than their seconds paid for."""
    return [
        f"{name}: its seconds ended the runs after {ends[name].queries:.1f} of {most or method.most_queries} queries, "
        "on average"
        for name, method in ran.items()
        if method.most_queries and ends[name].queries < (most or method.most_queries)
    ]


def seconds_facts(queries: TableQueries, ran: Mapping[str, QueryMethod]) -> dict[str, Any]:
    """For each search that queries, the table that its seconds of training are of, or `modelled`."""
    asked = {name: queries.fidelities(method.fidelities).seconds for name, method in ran.items() if method.queries}
    if queries.counted:
        return dict.fromkeys(asked, COUNTED)
    return {name: MODELLED if table is None else table_facts(table) for name, table in asked.items()}
