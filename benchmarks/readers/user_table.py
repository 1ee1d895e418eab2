"""Tables of the user's own: any CSV or Parquet file with a column `architecture` and columns of numbers.

A table of the user's own models has a column `name` in place of `architecture`: names of any characters.

The meaning of a column is taken from its name: dataset_split_epochs[_what]_unit[_seedN], or at least a unit at its end,
one of `UNITS`. Lower is better for a time, an energy or a size, and where the words of the name say so
(`benchmarks.readers.directions`); for all others, higher is assumed to be better. `Table.directed` says otherwise.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import TableError
from benchmarks.files import read_bytes
from benchmarks.formats.csv_rows import read_rows
from benchmarks.keys import KEY, MODELS, NAME, quoted, space_of_keys
from benchmarks.readers.directions import ACCURACIES, NEVER_NEGATIVE, lower_is_better, words_of
from benchmarks.readers.measured import measured_by
from benchmarks.real_numbers import check_whole
from benchmarks.shown import listed, reason, shown
from benchmarks.table import POSITIVE_UNITS, UNITS, Column, Facts, Table, checked_numbers

if TYPE_CHECKING:
    from pyarrow import ChunkedArray as ArrowColumn
    from pyarrow import Table as ArrowTable

_COSTS = POSITIVE_UNITS | {"params"}
_MOST_CELLS = 200_000_000  # 1.6 GB; NAS-Bench-101 with 400 columns has fewer
_NAME = re.compile(
    r"(?P<dataset>[a-z][a-z0-9]*(_[a-z0-9]+)*?)_(?P<split>train|valid|test)_(?P<epochs>[1-9][0-9]*)ep_"
    r"([a-z0-9_.]+_)?(?P<unit>[a-z]+)(_seed(?P<seed>[0-9]+))?"
)
_SECONDS = re.compile(  # as a converted release calls those of a training
    r"(?P<dataset>[a-z][a-z0-9]*(_[a-z0-9]+)*?)_(?P<epochs>[1-9][0-9]*)ep_(?P<split>train)_(?P<unit>s)"
)
_UNIT_AT_THE_END = re.compile(r"(.*_)?(?P<unit>[a-z]+)(_seed(?P<seed>[0-9]+))?")


def read_user_table(path: Path) -> Table:
    """Table of a user's .csv, .csv.gz or .parquet file; its space is recognised from the keys.

    An empty cell is a missing number. Rows that repeat a key with the same numbers count once and are listed in
    `Table.repeated`; two texts of one architecture are two rows, which are merged when they are joined with scores.

    Raises:
        TableError: for a damaged file; a file without a column `architecture` or `name`, or with no other; text among
            the numbers; a key of another form or space than the first; a number that its unit does not allow (an
            accuracy below zero); rows that contradict each other. The message names the file, the row (from 0) and the
            column.

    """
    column, keys, numbers, sha256 = _from_parquet(path) if path.suffix == ".parquet" else _from_csv(path)
    if not numbers:
        raise TableError(f"{path}: it has no column except {column!r}; a table needs at least one column of numbers")
    keys = [key.strip() for key in keys]
    space = _space_of_names(path, keys) if column == NAME else space_of_keys(path, KEY, keys)
    columns = [column_of(name) for name in numbers]
    for one in columns:
        checked_numbers(str(path), keys, one, numbers[one.name])
        _check_accuracy(path, keys, one, numbers[one.name])
    kept, repeated = _without_repetitions(path, keys, numbers)
    names = tuple(keys[row] for row in repeated)
    facts = _facts(path, sha256, space, len(kept), names)
    return Table(
        [keys[row] for row in kept],
        columns,
        [values[kept] for values in numbers.values()],
        facts,
        repeated=names,
        assumed=numbers,
    )


def column_of(name: str) -> Column:
    """Description of a user's column, as far as its name tells; the unit is `ratio` where the name has none.

    >>> column = column_of("cifar10_test_600ep_error_pct")
    >>> column.dataset, column.split, column.epochs, column.unit, column.higher_is_better
    ('cifar10', 'test', 600, 'pct', False)
    """
    full = _NAME.fullmatch(name) or _SECONDS.fullmatch(name)
    match = full or _UNIT_AT_THE_END.fullmatch(name)
    unit = match["unit"] if match is not None and match["unit"] in UNITS else "ratio"
    seed = match.groupdict().get("seed") if match is not None else None
    lower = lower_is_better(name) or (unit in _COSTS and "per" not in words_of(name))
    return Column(
        name,
        full["dataset"] if full else None,
        full["split"] if full else None,
        int(full["epochs"]) if full else None,
        unit,
        "not stated" if seed is None else f"seed {seed}",
        f"{name}, as the file has it",
        may_be_missing=True,
        higher_is_better=not lower,
    )


def _key_column(names: Iterable[str]) -> str:
    """The column of the keys: `architecture`, or `name` where there is no such column."""
    return NAME if NAME in names and KEY not in names else KEY


def _space_of_names(path: Path, names: Sequence[str]) -> str:
    """The space of the user's own models; TableError for an empty name, with its row."""
    if "" in names:
        raise TableError(f"{path}: row {names.index('')}, column {NAME!r}: the name is empty")
    return MODELS


def _from_csv(path: Path) -> tuple[str, Sequence[str], dict[str, NDArray[np.float64]], str]:
    rows = read_rows(path)
    column = _key_column(rows.cells)
    keys = rows.column(column)
    return column, keys, {name: rows.numbers(name) for name in rows.others([column])}, rows.sha256


def _from_parquet(path: Path) -> tuple[str, Sequence[str], dict[str, NDArray[np.float64]], str]:
    import pyarrow as pa

    content = read_bytes(path)
    try:
        table = _arrow_table(path, content)
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: the name of a column is not UTF-8 ({reason(error)}): rename it") from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TableError(
            f"{path} is not a Parquet file, or is damaged ({reason(error)}): make it or copy it again"
        ) from None
    if not table.num_rows:
        raise TableError(f"{path} is empty: it needs at least one row")
    column = _key_column(table.column_names)
    keys = table.column(column).to_pylist()
    for row, key in enumerate(keys):
        if not isinstance(key, str):
            raise TableError(f"{path}: row {row}, column {column!r}: {shown(key)} is not text")
    numbers = {name: _arrow_numbers(path, name, table.column(name)) for name in table.column_names if name != column}
    return column, keys, numbers, hashlib.sha256(content).hexdigest()


def _arrow_table(path: Path, content: bytes) -> ArrowTable:
    """The whole file, whose columns are checked first, and how much it says that it holds."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(io.BytesIO(content)) as file:
        names, facts = file.schema_arrow.names, file.metadata
        if _key_column(names) not in names:
            raise TableError(f"{path}: column {KEY!r} is missing; the file has: {listed(names)}")
        if len(set(names)) != len(names):
            raise TableError(f"{path}: column {shown(max(names, key=names.count))} is there twice")
        if (held := facts.num_rows * facts.num_columns) > _MOST_CELLS:
            raise TableError(
                f"{path} says that it holds {held:,} cells; the most that a table may hold is {_MOST_CELLS:,}"
            )
        return file.read(use_threads=False)


def _arrow_numbers(path: Path, name: str, values: ArrowColumn) -> NDArray[np.float64]:
    import pyarrow as pa

    kind = values.type
    if not any(is_kind(kind) for is_kind in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)):
        raise TableError(f"{path}: row 0, column {shown(name)}: {shown(values[0].as_py())} is {kind}, not a number")
    numbers = np.asarray(values.cast(pa.float64(), safe=False).to_numpy())
    try:
        large = np.flatnonzero(np.abs(numbers) >= 2**53) if pa.types.is_integer(kind) else np.array([], dtype=np.intp)
        check_whole([values[place].as_py() for place in large.tolist()], numbers[large])
    except ValueError as error:
        raise TableError(f"{path}: column {shown(name)} holds {error}") from None
    return numbers


def _check_accuracy(path: Path, keys: Sequence[str], column: Column, values: NDArray[np.float64]) -> None:
    """Refuse an impossible number in a column whose name has a known quantity, but no unit."""
    words = words_of(column.name)
    if column.unit != "ratio":
        return
    if not column.higher_is_better and not NEVER_NEGATIVE.isdisjoint(words) and (values < 0).any():
        row = int(np.argmax(values < 0))
        raise TableError(
            f"{path}: row {row} (from 0), key {quoted(keys[row])}, column {shown(column.name)}: {values[row]:g} is "
            "below zero; leave a number that was not measured empty"
        )
    if ACCURACIES.isdisjoint(words):
        return
    broken = (values < 0) | (values > 100)
    if broken.any():
        row = int(np.argmax(broken))
        raise TableError(
            f"{path}: row {row} (from 0), key {quoted(keys[row])}, column {shown(column.name)}: {values[row]:g} is no "
            "accuracy, which lies from 0 to 1, or to 100 in percent (then better named …_pct)"
        )


def _without_repetitions(
    path: Path, keys: Sequence[str], numbers: Mapping[str, NDArray[np.float64]]
) -> tuple[list[int], list[int]]:
    """Rows to keep, and rows that repeat an earlier row; TableError for rows that contradict each other."""
    first_row: dict[str, int] = {}
    kept, repeated = [], []
    for row, key in enumerate(keys):
        first = first_row.setdefault(key, row)
        if first == row:
            kept.append(row)
            continue
        for name, values in numbers.items():
            one, other = float(values[first]), float(values[row])
            if one != other and not (math.isnan(one) and math.isnan(other)):
                raise TableError(
                    f"{path}: rows {first} and {row} (from 0) are the same architecture and contradict each other in "
                    f"column {shown(name)}: {one!r} and {other!r}; aggregate them first to one row per architecture"
                )
        repeated.append(row)
    return kept, repeated


def _facts(path: Path, sha256: str, space: str, rows: int, repeated: Sequence[str]) -> Facts:
    note = measured_by(path, sha256) or (
        "A table of the user's own: nothing but its numbers and their names is known of it, also which is better."
    )
    if repeated:
        named = ", ".join(quoted(key) for key in repeated[:3]) + (", …" if len(repeated) > 3 else "")
        note += f" Rows that repeat an architecture with the same numbers, counted once: {len(repeated):,} ({named})."
    return Facts(
        name=path.name,
        space=space,
        title=f"{path.name}, a table of the user's own",
        source=f"the file {path}",
        licence="the user's",
        path=path,
        sha256=sha256,
        rows=rows,
        note=note,
        splits="as the columns' names say",
        epochs="as the columns' names say",
        seeds="not stated",
    )
