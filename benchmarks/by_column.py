"""Tables by a column: which of them has it, and where else it would be."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping, MutableMapping, Sequence, Set
from pathlib import Path

from benchmarks.errors import TableError, unknown
from benchmarks.listing import Listing
from benchmarks.registry import OFFICIAL, OFFICIAL_OR_ANALOG, list_tables, open_table, published_columns
from benchmarks.table import Column, Table

LOG = logging.getLogger(__name__)

_WITH_UNLISTED = (OFFICIAL_OR_ANALOG, OFFICIAL)
"""Tables that may have columns that are not listed."""


def table_with(
    column: str, *, space: str, names: Sequence[str] = (), opened: MutableMapping[str, Table] | None = None
) -> Table:
    """First table that has a column: among the given names, or by default among the space's available tables.

    Args:
        column: name of a column, for instance `hwnas_cifar10_edgegpu_latency_ms`.
        space: name of the space of the table.
        names: names or paths for `open_table`, in the order of search; empty for all available tables of the space,
            `nasbench201` first.
        opened: open tables by name; newly opened tables are added, so that each table is opened once for several
            columns.

    Raises:
        TableError: for a named table of another space, or if no table has the column; the message names the tables that
            were searched, the nearest names in them, and other tables with the column and how to get them.

    """
    listings = [listing for listing in list_tables() if listing.facts.space == space]
    opened = {} if opened is None else opened
    looked: dict[str, tuple[Column, ...]] = {}
    files: set[Path | None] = set()
    for name in names or [listing.name for listing in listings if listing.available]:
        listing = next((listing for listing in listings if listing.name == name), None)
        if listing is not None and name not in _WITH_UNLISTED:
            if column not in [one.name for one in listing.columns]:
                looked[name] = listing.columns
                continue
        known = listing.opens or name if listing is not None else name
        table = opened[known] if known in opened else opened.setdefault(known, open_table(name))
        if table.facts.space not in ("", space):
            raise TableError(f"table {name} is about the space {table.facts.space}, not about {space}")
        if column in table.column_names:
            LOG.debug(
                "%s is in the table %s; it is not in %s", column, table.facts.name, ", ".join(looked) or "any before it"
            )
            return table
        looked[table.facts.name] = table.columns
        files.add(table.facts.path)
    places = [_place(listing, column, files) for listing in listings if listing.name != OFFICIAL_OR_ANALOG]
    raise TableError(". ".join([_nowhere(column, space, looked), *filter(None, places)]))


def tables_with(columns: Sequence[str], *, space: str, names: Sequence[str] = ()) -> list[Table]:
    """The table of each column, in the order of the columns; no table is opened twice.

    Args:
        columns: names of columns, of one table or of several.
        space: name of the space that the tables must be about.
        names: what `open_table` takes, in the order in which to look; empty for every table of the space that is here.

    Raises:
        TableError: as `table_with`, for the first column that it refuses.

    """
    opened: dict[str, Table] = {}
    return [table_with(column, space=space, names=names, opened=opened) for column in columns]


def _nowhere(column: str, space: str, looked: Mapping[str, Sequence[Column]]) -> str:
    if len(looked) == 1:
        ((name, columns),) = looked.items()
        return f"table {name}: {unknown('column', column, [one.name for one in columns])}"
    found = []
    for name, columns in looked.items():
        near = difflib.get_close_matches(column, [one.name for one in columns], n=2)
        found.append(f"{name} (nearest: {', '.join(near)})" if near else name)
    return f"no column {column!r} in {'; '.join(found) or f'any table of the space {space}: none is here'}"


def _place(listing: Listing, column: str, opened: Set[Path | None]) -> str:
    """Message on a listed table that has the column, by this name or its source's; empty for other tables."""
    one = next((one for one in published_columns(listing) if column and column in (one.name, one.origin)), None)
    if one is None:
        return ""
    called = "" if one.name == column else f" as {one.name}"
    if not listing.available:
        return f"{listing.name} would have it{called}, but is not here: {listing.reason}"
    if listing.facts.path in opened:
        return f"{listing.name} would have it{called}, but its file {listing.facts.path} leaves it out"
    return f"{listing.name} has it{called}"
