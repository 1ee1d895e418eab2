"""The compact form of a table: one Parquet file with the numbers, the meanings of the columns and the facts.

The file has a string column `architecture` and a float64 column for each quantity. Its document
(`benchmarks.formats.parquet`) is of kind "table"; `facts` and `columns` hold the fields of `Facts` and `Column`, and
the optional `rows_with_numbers` counts the rows that hold a number of a training or a measurement. So nothing else is
needed to read the table, and any other Parquet reader can read the numbers.
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
_GROUP = 8  # columns that are decoded at a time
_OF_THE_FILE = frozenset({"path", "sha256", "rows"})
_COUNTED = "rows_with_numbers"
_RENAMED = {"natsbench-size": "natsbench-sizes"}
"""Names of spaces in files of earlier releases, and their present names."""
_KNOWN_UNMEASURED = WHOLE_NUMBER_UNITS | {"macs", "m"}  # units of an architecture's size, or of counts of measurements
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
    """Write a table to one Parquet file, completely or not at all; the same table gives the same bytes.

    Args:
        path: the file to write; its name ends in .parquet, and its folder exists. An existing file is replaced.
        keys: R canonical architecture strings.
        columns: descriptions of the C columns; none is named `architecture`.
        numbers: C arrays of shape [R], in the order of `columns`; float64 values are kept to the last bit.
        facts: source of the numbers; path, sha256 and rows are not written, since a reader sets them to the file's own.
            Control characters in facts and columns are written as escape sequences.

    Raises:
        TableError: for numbers that `Table` refuses (named by row, key and column), an unknown unit, another suffix, or
            a file that cannot be written.

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
    document = {**document_of(_KIND, columns, facts), _COUNTED: rows_with_numbers(table)}
    write_parquet(path, [pa.table(arrays, names=[KEY, *table.column_names])], document)


def rows_with_numbers(table: Table) -> int:
    """Number of rows with a number of a training or a measurement, not only an index or a size."""
    measured = [c.name for c in table.columns if c.unit not in _KNOWN_UNMEASURED] or table.column_names
    there = np.zeros(len(table), dtype=np.bool_)
    for name in measured:
        there |= ~np.isnan(table.values(table.keys, name))
    return int(there.sum())


def read_compact(path: Path) -> Table:
    """Read a table from a file that `write_compact` wrote.

    Its `facts.path`, `facts.sha256` and `facts.rows` are those of the file. The file is read twice, for its SHA-256 and
    in parts for its numbers, so that its bytes and the numbers are not in memory at the same time.

    Raises:
        TableError: for a file that is missing, changed while it was read, truncated or damaged (by a page's checksum or
            the metadata's SHA-256), not Parquet, of another kind or a later format, or with fields that do not fit its
            columns; the message names the file and the field.

    """
    before = _version(path)
    digest = sha256_of(path)
    file = Parquet(path, _KIND)
    columns, facts = columns_and_facts(file)
    keys = file.column(file.read([KEY]), KEY, "string").to_pylist()
    table = Table(keys, columns, _Columns(file), replace(facts, path=path, sha256=digest, rows=len(keys)))
    if _version(path) != before:
        raise TableError(f"{path} was changed while it was read: open it again")
    return table


def describe_compact(path: Path) -> tuple[list[Column], Facts, int | None]:
    """Columns, facts and `rows_with_numbers` (None if not in the file) of a compact table, read from its footer alone.

    `facts.path` and `facts.rows` are those of the file. Raises TableError as `read_compact` does, as far as the footer
    shows it.
    """
    file = Parquet(path, _KIND)
    columns, facts = columns_and_facts(file)
    counted = file.document.get(_COUNTED)
    if counted is not None and (type(counted) is not int or not 0 <= counted <= file.rows):
        raise TableError(f"{path}: its field {_COUNTED!r} is no whole number from 0 to {file.rows}, its rows")
    return columns, replace(facts, path=path, rows=file.rows), counted


def check_target(path: Path) -> None:
    """Raise TableError unless a compact table can be written to `path`: suffix, folder, and permission to write."""
    if path.suffix != SUFFIX:
        raise TableError(f"{path}: a compact table is a Parquet file, so its name must end in {SUFFIX}")
    if path.is_dir():
        raise TableError(f"cannot write {path}: it is a folder; give a file's name")
    if not path.parent.is_dir():
        raise TableError(f"cannot write {path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise TableError(f"cannot write {path}: the folder {path.parent} is not writable")


def document_of(kind: str, columns: Sequence[Column], facts: Facts) -> dict[str, object]:
    """JSON document for a file of the given kind, with columns and facts; control characters as escape sequences."""
    kept = {field: _escaped(value) for field, value in dataclasses.asdict(facts).items() if field not in _OF_THE_FILE}
    return {
        "format": FORMAT,
        "kind": kind,
        "facts": kept,
        "columns": [
            {field: _escaped(value) for field, value in dataclasses.asdict(column).items()} for column in columns
        ],
    }


def columns_and_facts(file: Parquet) -> tuple[list[Column], Facts]:
    """Columns and facts from a file's document; path, sha256 and rows are not set in the facts.

    Raises:
        TableError: for fields that do not fit `Column` or `Facts`, or columns that are not those of the file.

    """
    return stated(file.path, file.document, file.names)


def stated(path: Path, given: Mapping[str, Any], there: Sequence[str]) -> tuple[list[Column], Facts]:
    """Columns and facts of a document, for the columns that are there; errors as of `columns_and_facts`."""
    columns = [_record(path, f"columns[{place}]", Column, record) for place, record in enumerate(given["columns"])]
    for place, column in enumerate(columns):
        _check_unit(path, f"columns[{place}]", column)
    facts = _record(path, "facts", Facts, {**given["facts"], **dict.fromkeys(_OF_THE_FILE)})
    facts = replace(facts, space=_RENAMED.get(facts.space, facts.space))
    names = [KEY, *(column.name for column in columns)]
    if list(there) != names:
        odd = sorted(set(there) ^ set(names)) or ["they are in another order"]
        raise TableError(
            f"{path}: its columns are not those that its field 'columns' describes: {_escaped(', '.join(odd))}"
        )
    return columns, facts


class _Columns(Sequence[NDArray[np.float64]]):
    """The float64 columns of a file, decoded in small groups, so that a table is not in memory twice."""

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
    """A `Column` or `Facts` from its JSON object, with the types of its fields checked."""
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
    """Values that change when a file is replaced or written to."""
    try:
        status = path.stat()
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror or error}") from error
    return status.st_ino, status.st_size, status.st_mtime_ns


def _check_unit(path: Path, where: str, column: Column) -> None:
    if column.unit not in UNITS:  # the range of its numbers could not be checked
        raise TableError(f"{path}: its field {where}.unit: {unknown('unit', column.unit, UNITS)}")


def _escaped(value: object) -> object:
    """A text with control characters, which could control a terminal, as escape sequences; other values unchanged."""
    if not isinstance(value, str):
        return value
    return "".join(
        one.encode("unicode_escape").decode() if unicodedata.category(one) in _TERMINAL_CONTROLS else one
        for one in value
    )
