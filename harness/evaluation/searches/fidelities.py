"""Fidelities: the columns of a table that a search queries through an oracle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import Column, Table
from harness.errors import SearchError
from harness.evaluation.columns import TESTS, is_accuracy
from harness.evaluation.searches.query_seconds import query_seconds

if TYPE_CHECKING:
    from harness.search.query.indexed import FloatArray
    from harness.search.query.oracle import Fidelity

VALIDATION = "cifar10_valid_12ep_pct"
"""The accuracy that the scripts of NAS-Bench-201 query."""

_SPLITS = ("valid", "test")


@dataclass(frozen=True)
class TableFidelities:
    """The fidelities that a table gives a search: accuracies after a short and after a long training.

    Attributes:
        columns: names of the accuracies that a search queries, the cheapest training first.
        fidelities: values and seconds of these columns for an oracle, over the cells in the order of the keys.
        notes: sentences on the values and seconds for readers of the results.
        seconds: table that the seconds of training are of; None where they are modelled, or not known.
        counted: whether the table says of no training how long it is, so that each query costs 1.
    """

    columns: tuple[str, ...]
    fidelities: tuple[Fidelity, ...]
    notes: tuple[str, ...]
    seconds: Table | None = None
    counted: bool = False


def is_counted(table: Table) -> bool:
    """Whether a table has accuracies of trainings of which it says no length, so that queries are counted."""
    return not any(one.epochs for one in table.columns) and any(_split_in_name(one) for one in table.columns)


def values_of_keys(table: Table, keys: Sequence[str], column: str) -> FloatArray:
    """Values of a column of shape [C]; 0 for an empty key, which is an encoding of no architecture.

    Raises:
        TableError: a table that lacks a key.
    """
    import numpy as np

    there = np.array([key != "" for key in keys])
    values = np.zeros(len(keys))
    values[there] = table.values([key for key in keys if key], column)
    return values


def test_accuracies(table: Table, keys: Sequence[str]) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Test accuracies that every cell has, by column and of shape [C], and a note on each column that lacks some.

    They are those after 200 epochs or, in a table without these, those after the longest training: on the data sets of
    NAS-Bench-201, or, in a table without these, on each of its own.

    Raises:
        SearchError: no test accuracy that every cell has.
        TableError: a table that lacks cells.
    """
    import numpy as np

    found: dict[str, FloatArray] = {}
    notes = []
    for name in _judging(table):
        values = values_of_keys(table, keys, name)
        if missing := int(np.isnan(values).sum()):
            notes.append(f"{name} of {table.facts.name} lacks {missing:,} of {len(keys):,} cells: left out")
        else:
            found[name] = values
    if not found:
        reason = f": {'; '.join(notes)}" if notes else ""
        raise SearchError(
            f"table {table.facts.name} has no test accuracy of all cells, which searches are judged by{reason}. It "
            f"needs one as {', '.join(TESTS.values())}"
        )
    return found, tuple(notes)


def _judging(table: Table) -> list[str]:
    """Names of the test accuracies by which searches are judged, one for each data set."""
    there = [name for name in TESTS.values() if name in table.column_names]
    if there:
        return there
    tests = [one for one in table.columns if one.split == "test" and one.name == _accuracy(one)]
    tests = [one for one in tests if one.dataset in TESTS] or tests
    if not tests and is_counted(table):
        return [one.name for one in table.columns if _split_in_name(one) == "test"]
    longest: dict[str | None, Column] = {}
    for one in tests:
        longest[one.dataset] = max(longest.get(one.dataset, one), one, key=lambda each: each.epochs or 0)
    return [one.name for one in longest.values()]


def _split_in_name(column: Column) -> str:
    """The split of an accuracy of a training of unknown length, by its name, as cora_valid_pct; empty for others."""
    named = (one for one in _SPLITS if column.epochs is None and column.name == f"{column.dataset}_{one}_pct")
    return next(named, "")


def _accuracy(column: Column) -> str:
    """Name of the accuracy of the column's data set, split and training."""
    return f"{column.dataset}_{column.split}_{column.epochs}ep_pct"


def table_fidelities(
    table: Table,
    keys: Sequence[str],
    macs: FloatArray,
    column: str | None = None,
    *,
    trainings: int = 2,
    seconds: Sequence[Table] | None = None,
) -> TableFidelities:
    """The fidelities of a table: one accuracy, and that of the longest training on the same images.

    Args:
        table: a table of accuracies after trainings.
        keys: keys of all C cells of the space.
        macs: multiply-adds of the cells' networks for CIFAR-10, shape [C].
        column: name of the accuracy to query; by default the validation accuracy on CIFAR-10 after 12 epochs, of the
            table or else of those of the seconds, or the test accuracy after 200 if none has it.
        trainings: number of trainings that the search queries, 1 or 2. Tabulated seconds are taken only from a table
            that has them for all of these, so that a search never adds tabulated seconds to modelled ones.
        seconds: tables whose seconds of training may be taken, in this order; by default the table itself.

    Raises:
        SearchError: a column that is no accuracy, lacks values, or is of a training whose seconds are neither in a
            table nor known from its images; no column to query by default.
        TableError: an unknown column, or a table of seconds that lacks cells.
    """
    from harness.search.query.oracle import Fidelity

    tables = (table,) if seconds is None else tuple(seconds)
    source, name = (table, column) if column is not None else _by_default(table, tables)
    first = source.column(name)
    if is_counted(source) and _split_in_name(first):
        return _counted(source, keys, first)
    if not is_accuracy(source, first.name) or first.split not in _SPLITS or first.epochs is None:
        raise SearchError(f"column {first.name!r} is no accuracy that a search can ask for: give one as {VALIDATION}")
    queried = [(source, first), *((table, one) for one in _longer_training(table, first))][:trainings]
    values = [_values(whose, keys, one) for whose, one in queried]
    columns = [one for _, one in queried]
    cost = query_seconds(table, keys, macs, columns, tables)
    fidelities = tuple(Fidelity(value, each) for value, each in zip(values, cost.of_columns, strict=True))
    notes = [] if first.name == VALIDATION else [_other_column_note(table, first, chosen=column is not None)]
    if source is not table:
        notes.append(f"{table.facts.name} has no {VALIDATION}: the searches ask for that of {source.facts.name}")
    notes += [_seeds_note(one.name, len(value)) for one, value in zip(columns, values, strict=True)]
    notes.append(cost.note)
    return TableFidelities(tuple(one.name for one in columns), fidelities, tuple(notes), cost.table)


def _counted(table: Table, keys: Sequence[str], column: Column) -> TableFidelities:
    """The one fidelity of a table that says of no training how long it is."""
    import numpy as np

    from harness.search.query.oracle import Fidelity

    values = _values(table, keys, column)
    notes = [
        f"a query answers {column.name} as the table has it",
        f"{table.facts.name} does not say how long its trainings take: queries are counted instead of seconds",
    ]
    if _split_in_name(column) == "test":
        notes.insert(0, f"the searches ask for the test accuracy itself, {column.name}, which they are judged by")
    if "" in keys:
        notes.append(f"{list(keys).count('')} of {len(keys):,} encodings are no architecture: they are answered with 0")
    return TableFidelities((column.name,), (Fidelity(values, np.ones(len(keys))),), tuple(notes), counted=True)


def _by_default(table: Table, tables: Sequence[Table]) -> tuple[Table, str]:
    """The accuracy that is queried by default, and the table that it is of."""
    for one in (table, *tables):
        if VALIDATION in one.column_names:
            return one, VALIDATION
    if TESTS["cifar10"] in table.column_names:
        return table, TESTS["cifar10"]
    if is_counted(table) and (valid := [one.name for one in table.columns if _split_in_name(one) == "valid"]):
        return table, valid[0]
    raise SearchError(
        f"table {table.facts.name} has neither {VALIDATION} nor {TESTS['cifar10']} to ask for: name a column, one of "
        f"{', '.join(name for name in table.column_names if is_accuracy(table, name))}"
    )


def _longer_training(table: Table, first: Column) -> list[Column]:
    """The accuracy on the same images after the longest training, if that is longer than the first."""
    trainings = [
        one
        for one in table.columns
        if one.epochs is not None and one.name == f"{first.dataset}_{first.split}_{one.epochs}ep_pct"
    ]
    longest = max(trainings, key=lambda one: one.epochs or 0, default=first)
    return [longest] if (longest.epochs or 0) > (first.epochs or 0) else []


def _values(table: Table, keys: Sequence[str], column: Column) -> FloatArray:
    """Values of shape [S, C]: a row for each seed if the table has a seed of every cell, else the mean in one row."""
    import numpy as np

    names = [name for name in table.column_names if name.startswith(f"{column.name}_seed")]
    mean = values_of_keys(table, keys, column.name)[None]
    seeds = np.array([values_of_keys(table, keys, name) for name in names]) if names else mean
    values: FloatArray = mean if np.isnan(seeds).all(axis=0).any() else seeds
    if missing := int(np.isnan(values).all(axis=0).sum()):
        raise SearchError(
            f"{column.name} of {table.facts.name} has no value for {missing:,} of {len(keys):,} cells: a search needs "
            "all of them"
        )
    return values


def _seeds_note(column: str, seeds: int) -> str:
    scripts = column == VALIDATION
    if seeds > 1:
        cited = ", as in the scripts of NAS-Bench-201" if scripts else ""
        return f"a query answers {column} of one training seed, drawn anew{cited}"
    cited = "; the scripts of NAS-Bench-201 draw one training seed" if scripts else ""
    return f"a query answers {column} as the table has it{cited}"


def _other_column_note(table: Table, queried: Column, *, chosen: bool) -> str:
    """A note that another column than `VALIDATION` is queried, by choice or because the table has none."""
    why = "" if chosen else f"{table.facts.name} has no {VALIDATION}: "
    if queried.name in TESTS.values():
        accuracy = f"the test accuracy itself, {queried.name}, which they are judged by"
    elif queried.split == "test":
        accuracy = f"{queried.name}, an accuracy on the test images, which they are judged by"
    else:
        accuracy = f"{queried.name}, not for {VALIDATION} as the scripts of NAS-Bench-201 do"
    return f"{why}the searches ask for {accuracy}. Not comparable with published rows"
