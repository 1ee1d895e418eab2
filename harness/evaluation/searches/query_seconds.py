"""Seconds of queries: those that a table has, scaled as the release scales them, or else modelled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import Column, Table, list_tables, open_table
from harness.errors import SearchError
from harness.evaluation.columns import SPACE

if TYPE_CHECKING:
    from harness.search.query.indexed import FloatArray

SECONDS_TABLE = "nasbench201-seconds"
"""The table of seconds that is looked for where none is named."""
MODELLED = "modelled"
"""What is given in the place of a table to have all seconds modelled."""
SECONDS_EXAMPLE = "cifar10half_12ep_train_s"

_IMAGES = {"cifar10half": 25_000, "cifar10": 50_000, "cifar100": 50_000, "imagenet16_120": 151_700}
"""Training images of each training in a converted release, by its name there."""
_EVALUATIONS = {  # the training behind an accuracy, and the images of its evaluation
    ("cifar10", "valid"): ("cifar10half", 25_000),
    ("cifar10", "test"): ("cifar10", 10_000),
    ("cifar100", "valid"): ("cifar100", 5_000),
    ("cifar100", "test"): ("cifar100", 5_000),
    ("imagenet16_120", "valid"): ("imagenet16_120", 3_000),
    ("imagenet16_120", "test"): ("imagenet16_120", 3_000),
}
_COLUMN = re.compile(r"(?P<training>\w+)_(?P<epochs>[1-9][0-9]*)ep_train_s")


@dataclass(frozen=True)
class QuerySeconds:
    """Seconds of the queries of some accuracies.

    Attributes:
        of_columns: seconds of a query of each accuracy, shape [C] each: training and evaluation.
        table: table that the seconds of training are of; None where they are modelled.
        note: a sentence on where they come from.
    """

    of_columns: tuple[FloatArray, ...]
    table: Table | None
    note: str


class _Training(NamedTuple):
    name: str
    epochs: int


def seconds_tables(table: Table, given: Table | str | None, space: str) -> tuple[Table, ...]:
    """The tables whose seconds of training are taken, the first that has them; none where they are to be modelled.

    Args:
        table: the table of the accuracies that are queried.
        given: a table with seconds of training such as `cifar10half_12ep_train_s`, its name or path, or `modelled`;
            None for the queried table itself and then, for NAS-Bench-201, `nasbench201-seconds` if it is here.
        space: name of the space of the queried table.

    Raises:
        SearchError: a given table of another space, or without seconds of any training.
        TableError: an unknown name, or a table that is not available or damaged.
    """
    if given is None:
        here = space == SPACE and any(one.available for one in list_tables() if one.name == SECONDS_TABLE)
        return (table, open_table(SECONDS_TABLE)) if here else (table,)
    if given == MODELLED:
        return ()
    found = given if isinstance(given, Table) else open_table(given)
    if found.facts.space not in ("", space):
        raise SearchError(f"the seconds of {found.facts.name} are of the space {found.facts.space}, not of {space}")
    if not _trainings(found):
        raise SearchError(f"{found.facts.name} has no seconds of a training: it needs a column as {SECONDS_EXAMPLE}")
    return (found,)


def query_seconds(
    table: Table, keys: Sequence[str], macs: FloatArray, queried: Sequence[Column], tables: Sequence[Table]
) -> QuerySeconds:
    """Seconds of a query of each of some accuracies, all from one source, so that they can be added up.

    A table of seconds alone may have another training of the same cell; its seconds are scaled by epochs and images, as
    the release does with the one measurement that it has of a cell.

    Args:
        table: the table of the accuracies.
        keys: keys of all C cells of the space.
        macs: multiply-adds of the cells' networks for CIFAR-10, shape [C].
        queried: the accuracies.
        tables: tables whose seconds may be taken, from `seconds_tables`.

    Raises:
        SearchError: an accuracy of a training whose seconds are neither in a table nor known from its images.
        TableError: a table of seconds that lacks cells.
    """
    for one in tables:
        trained = [_tabulated(one, keys, column, scale=one is not table) for column in queried]
        whole = [seconds for seconds in trained if seconds is not None]
        if len(whole) == len(queried):
            found = [seconds + _evaluated(macs, column) for seconds, column in zip(whole, queried, strict=True)]
            return QuerySeconds(tuple(found), one, _note_on(one, table, queried))
    for column in queried:
        if (column.dataset, column.split) not in _EVALUATIONS:
            raise SearchError(
                f"the seconds of a query of {column.name} are not known: {table.facts.name} has no column "
                f"{_column_of(_training_of(column))} with those of its training, of every cell"
            )
    return QuerySeconds(tuple(_modelled(macs, column) for column in queried), None, _note_on(None, table, queried))


def _tabulated(table: Table, keys: Sequence[str], column: Column, *, scale: bool) -> FloatArray | None:
    """Seconds of the training behind an accuracy, shape [C]; None where a table does not have them of every cell."""
    import numpy as np

    wanted = _training_of(column)
    for training in _in_order(_trainings(table), wanted) if scale else [wanted]:
        name = _column_of(training)
        if name in table.column_names:
            seconds = table.values(keys, name)
            if not np.isnan(seconds).any():
                return seconds * _scale(training, wanted)
    return None


def _in_order(trainings: Sequence[_Training], wanted: _Training) -> list[_Training]:
    """The trainings whose seconds can be scaled to those of one of them; that itself first, then its own data set."""
    known = [one for one in trainings if one == wanted or {one.name, wanted.name} <= set(_IMAGES)]
    return sorted(known, key=lambda one: (one != wanted, one.name != wanted.name))


def _scale(training: _Training, wanted: _Training) -> float:
    images = 1.0 if training.name == wanted.name else _IMAGES[wanted.name] / _IMAGES[training.name]
    return images * wanted.epochs / training.epochs


def _trainings(table: Table) -> list[_Training]:
    """The trainings whose seconds a table has."""
    found = [_COLUMN.fullmatch(name) for name in table.column_names]
    return [_Training(one["training"], int(one["epochs"])) for one in found if one is not None]


def _training_of(column: Column) -> _Training:
    name, _ = _EVALUATIONS.get((column.dataset or "", column.split or ""), (column.dataset or "", 0))
    return _Training(name, column.epochs or 0)


def _column_of(training: _Training) -> str:
    return f"{training.name}_{training.epochs}ep_train_s"


def _evaluated(macs: FloatArray, column: Column) -> FloatArray | float:
    """Modelled seconds of the pass over the evaluated images; 0 where these are not known."""
    from harness.search.query.seconds import validation_seconds

    known = _EVALUATIONS.get((column.dataset or "", column.split or ""))
    return 0.0 if known is None else validation_seconds(macs, images=known[1])


def _modelled(macs: FloatArray, column: Column) -> FloatArray:
    from harness.search.query.seconds import training_seconds

    training = _training_of(column)
    return training_seconds(macs, epochs=training.epochs, images=_IMAGES[training.name]) + _evaluated(macs, column)


def _note_on(found: Table | None, table: Table, queried: Sequence[Column]) -> str:
    if found is None:
        cells = "cells" if table.facts.space == SPACE else f"cells of {SPACE}"
        return (
            f"seconds modelled from multiply-adds, by three {cells} whose seconds are known: over all {cells} 5 % too "
            "low on average, and off by 19 % (root mean square)"
        )
    known = all((one.dataset, one.split) in _EVALUATIONS for one in queried)
    passes = "those of the validation pass modelled from multiply-adds" if known else ""
    whose = "as the table has them" if found is table else f"as {found.facts.name} has them"
    if found is not table and not {_column_of(_training_of(one)) for one in queried} <= set(found.column_names):
        whose += ", scaled by epochs and images as the release does"
    return f"seconds of training {whose}, {passes or 'without those of a pass over validation images'}"
