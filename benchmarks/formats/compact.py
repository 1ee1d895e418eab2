"""The compact form of a table: one Parquet file that holds its numbers, its columns' meanings and its facts.

The file has a string column `architecture` and a float64 column for each quantity. Its document (benchmarks/parquet.py)
is of kind "table"; `facts` and `columns` are the fields of `Facts` and `Column`, and the optional `rows_with_numbers`
counts the rows that hold a number of a training or a measurement. So reading it needs nothing else, and any other
Parquet reader reads the numbers.
"""

from __future__ import annotations

import dataclasses
import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.errors import TableError, unknown
from benchmarks.files import sha256_of
from benchmarks.formats.parquet import FORMAT, Parquet, arrow_floats, numpy_floats, write_parquet
from benchmarks.table import UNITS, WHOLE_NUMBER_UNITS, Column, Facts, Table

if TYPE_CHECKING:
    from pyarrow import Table as ArrowTable

SUFFIX: Final = ".parquet"
KEY: Final = "architecture"

_KIND = "table"
_GROUP = 8  # columns decoded at a time
_OF_THE_FILE = frozenset({"path", "sha256", "rows"})
_COUNTED = "rows_with_numbers"
_RENAMED = {"natsbench-size": "natsbench-sizes"}
"""Spaces that files of earlier releases name otherwise."""
_KNOWN_UNMEASURED = WHOLE_NUMBER_UNITS | {"macs", "m"}  # of an architecture itself, or of how it was measured
_TERMINAL_CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # Unicode categories
_TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "str | None": (str, type(None)),
    "int | None": (int, type(None)),
}
_Record = TypeVar("_Record", Column, Facts)


def write_compact(
    path: Path, keys: Sequence[str], columns: Sequence[Column], numbers: Sequence[ArrayLike], facts: Facts
) -> None:
    """Write a table to one Parquet file, whole or not at all; the same table gives the same bytes.

    Args:
        path: the file; its name ends in .parquet, and its folder is there. A file of that name is replaced.
        keys: canonical architecture strings, R of them.
        columns: what each of the C columns holds; none is named `architecture`.
        numbers: C arrays of shape [R], in the order of `columns`; float64 values come back to the last bit.
        facts: where the numbers come from; its path, sha256 and rows are not kept, since a reader gives the file's own.
            Control characters in it and in the columns' texts are kept as escape sequences.

    Raises:
        TableError: numbers that `Table` refuses (named by row, key and column), a unit that none knows, another suffix,
            or a file that cannot be written.

    """
    check_target(path)
    if any(column.name == KEY for column in columns):
        raise TableError(f"{path}: a column cannot be named {KEY!r}, which holds the keys")
    for place, column in enumerate(columns):
        _check_unit(path, f"columns[{place}]", column)
        if _escaped(column.name) != column.name:
            raise TableError(f"{path}: a column's name {column.name!r} has control characters in it")
    table = Table(keys, columns, numbers, facts)
    import pyarrow as pa

    arrays = [pa.array(table.keys, pa.string()), *(arrow_floats(table.values(keys, c.name)) for c in columns)]
    document = {**described(_KIND, columns, facts), _COUNTED: rows_with_numbers(table)}
    write_parquet(path, [pa.table(arrays, names=[KEY, *table.column_names])], document)


def rows_with_numbers(table: Table) -> int:
    """How many of the rows hold a number of a training or a measurement, not only an index or a size."""
    measured = [c.name for c in table.columns if c.unit not in _KNOWN_UNMEASURED] or table.column_names
    there = np.zeros(len(table), dtype=np.bool_)
    for name in measured:
        there |= ~np.isnan(table.values(table.keys, name))
    return int(there.sum())


def read_compact(path: Path) -> Table:
    """Table of a file that `write_compact` wrote.

    Its `facts.path`, `facts.sha256` and `facts.rows` are those of the file. The file is read twice, for its sum and in
    parts for its numbers, so that its bytes and the numbers are not in memory together.

    Raises:
        TableError: a file that is not there, changed while it was read, cut or damaged (a page's checksum, the
            metadata's SHA-256), no Parquet, a Parquet file of another kind or of a later format, or fields and columns
            that do not fit each other; the message names the file and the field.

    """
    before = _version(path)
    digest = sha256_of(path)
    file = Parquet(path, _KIND)
    columns, facts = description(file)
    keys = file.column(file.read([KEY]), KEY, "string").to_pylist()
    table = Table(keys, columns, _Columns(file), replace(facts, path=path, sha256=digest, rows=len(keys)))
    if _version(path) != before:
        raise TableError(f"{path} was changed while it was read: open it again")
    return table


def describe_compact(path: Path) -> tuple[list[Column], Facts, int | None]:
    """Columns, facts and `rows_with_numbers` (None if not kept) of a compact table, from its footer: reads no number.

    `facts.path` and `facts.rows` are those of the file. TableError as in `read_compact`, for what the footer shows.
    """
    file = Parquet(path, _KIND)
    columns, facts = description(file)
    counted = file.document.get(_COUNTED)
    if counted is not None and (type(counted) is not int or not 0 <= counted <= file.rows):
        raise TableError(f"{path}: its field {_COUNTED!r} is no whole number from 0 to {file.rows}, its rows")
    return columns, replace(facts, path=path, rows=file.rows), counted


def check_target(path: Path) -> None:
    """Raise TableError unless a compact table can be put at `path`: suffix, folder, and leave to write there."""
    if path.suffix != SUFFIX:
        raise TableError(f"{path}: a compact table is a Parquet file, so its name must end in {SUFFIX}")
    if path.is_dir():
        raise TableError(f"cannot write {path}: it is a folder; give a file's name")
    if not path.parent.is_dir():
        raise TableError(f"cannot write {path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise TableError(f"cannot write {path}: the folder {path.parent} allows no writing")


def described(kind: str, columns: Sequence[Column], facts: Facts) -> dict[str, object]:
    """JSON document of a file of that kind, with its columns and facts; control characters as escape sequences."""
    kept = {field: _escaped(value) for field, value in dataclasses.asdict(facts).items() if field not in _OF_THE_FILE}
    return {
        "format": FORMAT,
        "kind": kind,
        "facts": kept,
        "columns": [
            {field: _escaped(value) for field, value in dataclasses.asdict(column).items()} for column in columns
        ],
    }


def description(file: Parquet) -> tuple[list[Column], Facts]:
    """Columns and facts of a file's document; the facts lack what only the file itself tells.

    Raises:
        TableError: fields that do not fit the records, or columns that are not those of the file.

    """
    path, given = file.path, file.document
    columns = [_record(path, f"columns[{place}]", Column, record) for place, record in enumerate(given["columns"])]
    for place, column in enumerate(columns):
        _check_unit(path, f"columns[{place}]", column)
    facts = _record(path, "facts", Facts, {**given["facts"], **dict.fromkeys(_OF_THE_FILE)})
    facts = replace(facts, space=_RENAMED.get(facts.space, facts.space))
    names = [KEY, *(column.name for column in columns)]
    if file.names != names:
        odd = sorted(set(file.names) ^ set(names)) or ["they are in another order"]
        raise TableError(
            f"{path}: its columns are not those that its field 'columns' describes: {_escaped(', '.join(odd))}"
        )
    return columns, facts


class _Columns(Sequence[NDArray[np.float64]]):
    """The float64 columns of a file, some decoded at a time, so that a table is not in memory twice."""

    def __init__(self, file: Parquet) -> None:
        self._file = file
        self._names = file.names[1:]
        self._decoded: ArrowTable | None = None

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, place: Any) -> Any:
        name = self._names[place]
        if self._decoded is None or name not in self._decoded.column_names:
            self._decoded = self._file.read(self._names[place : place + _GROUP])
        return numpy_floats(self._file.column(self._decoded, name, "double"))


def _record(path: Path, where: str, kind: type[_Record], given: object) -> _Record:
    """One of the frozen records from its JSON object; each field has the type that the record declares."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if not isinstance(given, dict):
        raise TableError(f"{path}: its field {where} is not an object but {type(given).__name__}")
    for name, value in given.items():
        if name not in fields:
            raise TableError(f"{path}: its field {where} has an unknown field {name!r}. Known: {', '.join(fields)}")
        allowed = _TYPES.get(str(fields[name].type), (type(None),))
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise TableError(f"{path}: its field {where}.{name} is {value!r}, which is no {fields[name].type}")
        if _escaped(value) != value:
            raise TableError(f"{path}: its field {where}.{name} is {value!r}, which has control characters in it")
    missing = [name for name, field in fields.items() if field.default is dataclasses.MISSING and name not in given]
    if missing:
        raise TableError(f"{path}: its field {where} lacks {', '.join(missing)}")
    return kind(**given)


def _version(path: Path) -> tuple[int, int, int]:
    """What a file that is replaced or written to does not keep."""
    try:
        status = path.stat()
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror or error}") from error
    return status.st_ino, status.st_size, status.st_mtime_ns


def _check_unit(path: Path, where: str, column: Column) -> None:
    if column.unit not in UNITS:  # its range would not be checked
        raise TableError(f"{path}: its field {where}.unit: {unknown('unit', column.unit, UNITS)}")


def _escaped(value: object) -> object:
    """A text with its control characters, which would steer a terminal, as escape sequences; all else as it is."""
    if not isinstance(value, str):
        return value
    return "".join(
        one.encode("unicode_escape").decode() if unicodedata.category(one) in _TERMINAL_CONTROLS else one
        for one in value
    )
