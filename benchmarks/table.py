"""A table: numbers by architecture key, one float64 column per quantity, with facts about their source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.errors import TableError, unknown
from benchmarks.keys import quoted, strings
from benchmarks.real_numbers import real_numbers
from benchmarks.shown import in_epochs, shown

if TYPE_CHECKING:
    import pandas as pd

WHOLE_NUMBER_UNITS = frozenset({"index", "seeds", "params"})
POSITIVE_UNITS = frozenset({"ms", "mj", "s", "macs", "nats", "m"})
SCORE = "score"
"""Unit of what a training-free proxy gives: no published number, and nothing that others are ranked by."""
UNITS = frozenset({"pct", "ratio", "db", SCORE}) | WHOLE_NUMBER_UNITS | POSITIVE_UNITS


@dataclass(frozen=True)
class Column:
    """Description of one column; its name has data set, split, epochs and unit, which the fields repeat for code.

    Attributes:
        name: name of the column.
        dataset: name of the data set; None where the column is about none.
        split: name of the split; None where the column is not about a training.
        epochs: number of epochs; None where the column is not about a training.
        unit: `pct` (percent, 0 to 100), `index`, `seeds` or `params` (whole numbers from 0), `ms` (milliseconds), `mj`
            (millijoules), `s` (seconds), `macs` (multiply-adds), `nats` (a cross-entropy), `m` (millions, of parameters
            as papers print them), all from 0, `db` (decibels), `score` (what a training-free proxy gives), or `ratio`
            (anything else).
        seeds: seeds of the numbers, in words.
        description: meaning of the numbers, in words.
        may_be_missing: whether NaN is allowed, for an architecture that was not measured.
        higher_is_better: direction of the quantity; False for latency, energy, losses, errors and sizes.
        origin: name of the column in its source, where it is another one.
    """

    name: str
    dataset: str | None
    split: str | None
    epochs: int | None
    unit: str
    seeds: str
    description: str
    may_be_missing: bool = False
    higher_is_better: bool = True
    origin: str = ""


@dataclass(frozen=True)
class Facts:
    """Facts about a table and its source.

    Attributes:
        name: name of the table.
        space: name of the space; empty where the form of the keys is unknown.
        title: one line on what the table is.
        source: publications and addresses that the numbers come from.
        licence: licence of the numbers.
        path: the file that was read; None where none was.
        sha256: SHA-256 of that file; None where none was read.
        rows: number of architectures, of the published table where no file was read; None if unknown.
        note: limits of the numbers.
        splits: measured splits in a few words, for `nasinit list tables`.
        epochs: lengths of the trainings in a few words.
        seeds: seeds in a few words.
    """

    name: str
    space: str
    title: str
    source: str
    licence: str
    path: Path | None
    sha256: str | None
    rows: int | None
    note: str
    splits: str = ""
    epochs: str = ""
    seeds: str = ""

    @property
    def space_in_words(self) -> str:
        """The space in words; where `space` is empty, it is recognised when scores are joined."""
        return f"the space {self.space}" if self.space else "a space that their join recognises"


class Table:
    """Numbers by architecture, read-only, and checked completely when the table is made.

    Args:
        keys: R canonical architecture strings, one per row, in file order.
        columns: descriptions of the C columns.
        numbers: C arrays of shape [R], in the order of `columns`.
        facts: facts about the table and its source.
        repeated: keys of rows that were left out because they repeat an earlier row with the same numbers.
        assumed: names of the columns whose direction is taken from the words of their name.

    Raises:
        TableError: for no rows or columns, a repeated key or column, a column of another length or with text, infinity,
            NaN where it is not allowed, a percentage outside 0 to 100, or a count that is not whole; the message names
            the table, its file, the row (from 0), the key and the column.

    """

    def __init__(
        self,
        keys: Sequence[str],
        columns: Sequence[Column],
        numbers: Sequence[ArrayLike],
        facts: Facts,
        *,
        repeated: Sequence[str] = (),
        assumed: Iterable[str] = (),
    ) -> None:
        self.keys: Final = tuple(keys)
        self.columns: Final = tuple(columns)
        self.facts: Final = facts
        self.repeated: Final = tuple(repeated)
        self.assumed: Final = frozenset(assumed)
        self._where: Final = f"table {facts.name} ({facts.path or 'no file'})"
        self._row_of: Final = {key: row for row, key in enumerate(self.keys)}
        self._check_shape(len(numbers))
        self._numbers: Final = {
            column.name: checked_numbers(self._where, self.keys, column, values)
            for column, values in zip(self.columns, numbers, strict=True)
        }

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        return f"<Table {self.facts.name}: {len(self):,} architectures, {len(self.columns)} columns>"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in file order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Description of a column; TableError, with the nearest name, for an unknown one.

        For a column's name in its source, the error gives its name here.
        """
        for column in self.columns:
            if column.name == name:
                return column
        if ours := [column.name for column in self.columns if column.origin and column.origin == name]:
            raise TableError(f"{self._where}: unknown column {shown(name)}: its name is {' or '.join(ours)} here")
        raise TableError(f"{self._where}: {unknown('column', name, self.column_names)}")

    def directed(self, *, lower_is_better: Iterable[str] = (), higher_is_better: Iterable[str] = ()) -> Table:
        """The same table with the stated directions of the named columns.

        Raises:
            TableError: for an unknown column (with the nearest name), or one that is named for both directions.

        """
        lower, higher = set(strings(lower_is_better)), set(strings(higher_is_better))
        for name in sorted(lower | higher):
            self.column(name)
        if both := sorted(lower & higher):
            raise TableError(
                f"{self._where}: lower and higher cannot both be better in column {both[0]!r}: name it once"
            )
        columns = [
            replace(c, higher_is_better=(c.higher_is_better or c.name in higher) and c.name not in lower)
            for c in self.columns
        ]
        assumed = self.assumed - lower - higher
        return self._with(columns, self.facts, assumed)

    def renamed(self, name: str) -> Table:
        """The same table under another name."""
        return self._with(self.columns, replace(self.facts, name=name), self.assumed)

    def _with(self, columns: Sequence[Column], facts: Facts, assumed: Iterable[str]) -> Table:
        return Table(self.keys, columns, [*self._numbers.values()], facts, repeated=self.repeated, assumed=assumed)

    def values(self, keys: Iterable[str], column: str) -> NDArray[np.float64]:
        """Numbers of one column for the given architectures, in the order of `keys`.

        Args:
            keys: N canonical architecture strings, matched exactly; repetitions are allowed.
            column: name of a column, one of `column_names`.

        Returns:
            A new float64 array of shape [N], in the column's unit; NaN only in a column with `may_be_missing`.

        Raises:
            TableError: for an unknown column (with the nearest name), or unknown keys (with their number and the first
                three).

        """
        name = self.column(column).name
        wanted = strings(keys)
        rows = np.fromiter((self._row_of.get(key, -1) for key in wanted), dtype=np.intp, count=len(wanted))
        if (rows < 0).any():
            raise TableError(self._unknown_keys(wanted))
        return self._numbers[name][rows]

    def frame(self) -> pd.DataFrame:
        """All columns as float64, indexed by architecture key (`architecture`), in file order; a copy."""
        import pandas as pd

        return pd.DataFrame(self._numbers, index=pd.Index(self.keys, name="architecture"), copy=True)

    def describe(self) -> str:
        """One paragraph on the table: file, data sets, splits and epochs, source, licence and limits."""
        facts = self.facts
        trained = [(c.dataset, c.split, c.epochs) for c in self.columns if c.epochs is not None]
        measured = sorted({f"{dataset} {split} after {in_epochs(epochs)}" for dataset, split, epochs in trained})
        digest = f", SHA-256 {facts.sha256}" if facts.sha256 else ""
        return (
            f"Table {facts.name}: {facts.title}; {len(self):,} architectures of {facts.space_in_words}, read from "
            f"{facts.path or 'no file'}{digest}. Measured: {'; '.join(measured) or facts.splits or 'no training'}. "
            f"Columns: {', '.join(self.column_names)}. "
            f"Source: {facts.source}. Licence: {facts.licence}. {facts.note}"
        )

    def _unknown_keys(self, wanted: Sequence[str]) -> str:
        missing = [key for key in wanted if key not in self._row_of]
        first = ", ".join(quoted(key) for key in missing[:3])
        more = ", …" if len(missing) > 3 else ""
        return (
            f"{self._where}: {len(missing):,} of {len(wanted):,} keys are not in it: {first}{more}. "
            f"Keys are canonical strings of {self.facts.space_in_words}, for instance {quoted(self.keys[0])}"
        )

    def _check_shape(self, arrays: int) -> None:
        if not self.keys or not self.columns:
            raise TableError(f"{self._where} is empty: {len(self.keys)} rows, {len(self.columns)} columns")
        if arrays != len(self.columns):
            raise TableError(f"{self._where}: {len(self.columns)} columns are named, but {arrays} arrays are given")
        if len(self._row_of) != len(self.keys):
            row = next(row for row, key in enumerate(self.keys) if self._row_of[key] != row)
            key = self.keys[row]
            raise TableError(
                f"{self._where}: key {quoted(key)} stands in row {row} and again in row {self._row_of[key]}"
            )
        names = self.column_names
        if len(set(names)) != len(names):
            name = next(name for name in names if names.count(name) > 1)
            raise TableError(f"{self._where}: column {shown(name)} is there twice")


def checked_numbers(where: str, keys: Sequence[str], column: Column, values: ArrayLike) -> NDArray[np.float64]:
    """Numbers of one column, one per key, as a read-only float64 array of shape [R].

    Raises:
        TableError: for text, a wrong shape, infinity, NaN where the column does not allow it, or a number outside the
            range of the unit; the message begins with `where` and names the row (from 0), the key and the column.

    """
    try:
        numbers = real_numbers(values)
    except (TypeError, ValueError) as error:
        raise TableError(f"{where}: column {shown(column.name)} holds something not a number: {error}") from None
    if numbers.shape != (len(keys),):
        raise TableError(
            f"{where}: column {shown(column.name)} has shape {list(numbers.shape)}, but there are {len(keys)} keys"
        )
    for broken, complaint in _faults(column, numbers):
        if broken.any():
            row, count = int(np.argmax(broken)), int(broken.sum())
            raise TableError(
                f"{where}: row {row} (from 0), key {quoted(keys[row])}, column {shown(column.name)}: "
                f"{numbers[row]:g} {complaint} ({count:,} such row{'s' if count > 1 else ''})"
            )
    numbers.setflags(write=False)
    return numbers


def _faults(column: Column, numbers: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.bool_], str]]:
    """For each rule of the column, the numbers that break it, and the message."""
    if not column.may_be_missing:
        yield np.isnan(numbers), "is missing (NaN), which this column does not allow"
    yield np.isinf(numbers), "is infinite"
    if column.unit == "pct":
        yield (numbers < 0) | (numbers > 100), "is not a percentage from 0 to 100"
    if column.unit in POSITIVE_UNITS:
        yield numbers < 0, "is below zero"
    if column.unit in WHOLE_NUMBER_UNITS:
        broken = (numbers < 0) | (numbers != np.floor(numbers))
        yield broken & ~np.isnan(numbers), "is not a whole number from 0"
