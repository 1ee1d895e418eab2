"""Architectures by their index in a benchmark's official order."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import cast

from benchmarks.errors import TableError
from benchmarks.registry import list_tables, open_table
from benchmarks.table import Table
from harness.errors import SpaceError
from harness.spaces.searches import IndexedSpace
from harness.spaces.space import Architecture, Space

INDEX = "index"
"""Column of a table that holds each architecture's place in the official order, from 0."""


def architecture_at(space: Space, index: int) -> Architecture:
    """The architecture with an index in the official order of a benchmark.

    Args:
        space: a space whose own order is the official one, or for which a table with the column `INDEX` is here: the
            official order of NAS-Bench-201 follows no rule, so only the official table knows it.
        index: number of the architecture, from 0; for a space that `reads_numbers`, the benchmark's own key.

    Raises:
        SpaceError: an index that no architecture has, or a space without official indices.
        TableError: the table that knows them is not here; the message says how to get it.
    """
    choices = getattr(space, "choices", None)
    if getattr(space, "reads_numbers", False):
        return space.parse(str(index))
    if not 0 <= index < len(space):
        raise SpaceError(
            f"{space.name} has {len(space):,} architectures, so its indices go from 0 to {len(space) - 1:,}; "
            f"got {index:,}"
        )
    if isinstance(choices, IndexedSpace) and choices.official_order:
        return next(islice(cast(Iterable[Architecture], space), index, None))
    table = _ordered_table(space)
    indices = table.values(table.keys, INDEX).tolist()
    if index not in indices:
        raise SpaceError(f"no row of the table {table.facts.name} has the index {index:,}")
    return space.parse(table.keys[indices.index(index)])


def architectures_in_order(space: Space, count: int) -> list[Architecture]:
    """The first `count` architectures in the official order of a benchmark; errors as of `architecture_at`."""
    choices = getattr(space, "choices", None)
    if isinstance(choices, IndexedSpace) and choices.official_order:
        return list(islice(cast(Iterable[Architecture], space), count))
    table = _ordered_table(space)
    indices = table.values(table.keys, INDEX)
    return [space.parse(table.keys[row]) for row in indices.argsort()[:count]]


def _ordered_table(space: Space) -> Table:
    """The first table of the space with the column of indices."""
    listings = [
        listing
        for listing in list_tables()
        if listing.facts.space == space.name and INDEX in [column.name for column in listing.columns]
    ]
    if not listings:
        raise SpaceError(f"the space {space.name} has no official indices: give the architecture itself")
    for listing in listings:
        if listing.available:
            return open_table(listing.name)
    first = listings[0]
    raise TableError(
        f"only the table {first.name} knows the official order of {space.name}: {first.reason}; or give the "
        "architecture itself in place of its index"
    )
