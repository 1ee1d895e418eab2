"""Reading of CSV files, gzip or plain, by columns; every error names the file, the row and the column.

Rows are counted from 0 below the header; blank lines do not count.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import math
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import TableError, unknown
from benchmarks.files import read_bytes
from benchmarks.foreign import BEGINNING, from_spreadsheet, kind_of, unpacked
from benchmarks.keys import KEY, NAME, space_of_keys
from benchmarks.real_numbers import check_whole
from benchmarks.shown import listed, shown
from benchmarks.table import Column, Facts, Table

_WHOLE = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True)
class CsvRows:
    """A CSV file: R text cells by column name, in the order of the header, and the SHA-256 of the file."""

    path: Path
    sha256: str
    cells: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(next(iter(self.cells.values())))

    def column(self, name: str) -> Sequence[str]:
        """Cells of a column; TableError, which names the existing columns, if there is no such column."""
        if name not in self.cells:
            raise TableError(f"{self.path}: column {name!r} is missing; the file has: {listed(self.cells)}")
        return self.cells[name]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as float64 of shape [R], NaN for an empty cell; TableError, with the row, for text."""
        return parsed(self.path, name, self.column(name))

    def others(self, known: Iterable[str]) -> list[str]:
        """Names of the columns that are not among `known`, in file order."""
        return [name for name in self.cells if name not in set(known)]


def read_rows(path: Path) -> CsvRows:
    """Read the cells of a .csv or .csv.gz file.

    Raises:
        TableError: for a file that is missing, truncated, not gzip or not UTF-8, without rows, with a row of another
            length than the header, or with a column that has no name or the name of another.

    """
    content = read_bytes(path)
    header, lines = _lines(path, _text(path, content))
    header = [from_spreadsheet(name) for name in header]
    for place, name in enumerate(header):
        if not name.strip():
            raise TableError(f"{path}: column {place} (from 0) has no name; name it, or take it out")
        if name in header[:place]:
            raise TableError(f"{path}: column {shown(name)} is there twice")
    cells: dict[str, Sequence[str]] = dict(zip(header, zip(*lines, strict=True), strict=True))
    for name in {KEY, NAME}.intersection(cells):
        cells[name] = [from_spreadsheet(key) for key in cells[name]]
    return CsvRows(path, hashlib.sha256(content).hexdigest(), cells)


def read_published_csv(
    path: Path,
    columns: Sequence[Column],
    facts: Facts,
    *,
    key: str = KEY,
    missing: float = math.nan,
    key_of: Callable[[str], str] = str,
) -> Table:
    """Table of a published CSV file, whose columns are named by their `origin`, in the order of the file.

    Args:
        path: the file; columns may be missing in it.
        columns: descriptions of all columns that the file may have.
        facts: facts of the published table; `path`, `sha256` and `rows` are filled in.
        key: name of the column of architectures, which all belong to the space `facts.space`.
        missing: number that means a missing value, in columns with `may_be_missing`.
        key_of: the table's key for an architecture as the file has it; a text of unknown form unchanged.

    Raises:
        TableError: for a damaged file, an unknown column (with the nearest name), a key of unknown form or of another
            space, an invalid number, or a repeated key; the message names the file, the row (from 0) and the column.

    """
    rows = read_rows(path)
    keys = [key_of(text) for text in rows.column(key)]
    space_of_keys(path, key, keys, facts.space)
    found = _known_columns(rows, key, columns)
    numbers = [rows.numbers(column.origin or column.name) for column in found]
    for column, values in zip(found, numbers, strict=True):
        if column.may_be_missing:
            values[values == missing] = math.nan
    return Table(keys, found, numbers, replace(facts, path=path, sha256=rows.sha256, rows=len(rows)))


def parsed(path: Path, name: str, cells: Sequence[str]) -> NDArray[np.float64]:
    """Cells as float64 of shape [R], NaN for an empty cell or `nan`; TableError, with the row, for text."""
    whole = cells if all(cells) else [cell or "nan" for cell in cells]
    try:
        if "_" in "".join(whole):  # `float` accepts 1_000
            raise ValueError
        numbers = np.array(list(map(float, whole)), dtype=np.float64)
        large = np.flatnonzero(np.abs(numbers) >= 2**53)
    except ValueError:
        row = next(row for row, cell in enumerate(whole) if not _is_number(cell))
    else:
        _check_whole(path, name, [(whole[place].strip(), numbers[place]) for place in large])
        return numbers
    raise TableError(f"{path}: row {row}, column {shown(name)}: {shown(cells[row])} is not a number; mend it") from None


def _check_whole(path: Path, name: str, large: Sequence[tuple[str, float]]) -> None:
    pairs = [(int(cell), number) for cell, number in large if _WHOLE.fullmatch(cell) and math.isfinite(number)]
    try:
        check_whole([cell for cell, _ in pairs], np.array([number for _, number in pairs], dtype=np.float64))
    except ValueError as error:
        raise TableError(f"{path}: column {shown(name)} holds {error}") from None


def _known_columns(rows: CsvRows, key: str, columns: Sequence[Column]) -> list[Column]:
    by_origin = {column.origin or column.name: column for column in columns}
    for name in rows.others([key, *by_origin]):
        raise TableError(f"{rows.path}: {unknown('column', name, [key, *by_origin])}. Rename it or take it out")
    found = [by_origin[name] for name in rows.others([key])]
    if not found:
        raise TableError(f"{rows.path}: it has no column except {key!r}; expected some of: {', '.join(by_origin)}")
    return found


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _text(path: Path, content: bytes) -> str:
    try:
        plain = unpacked(content) if path.suffix == ".gz" else content
        text = plain.decode("utf-8-sig")
    except (EOFError, zlib.error) as error:
        raise TableError(f"{path} is cut or damaged ({error}): copy or download it again") from None
    except gzip.BadGzipFile as error:
        raise TableError(f"{path} is not a gzip file ({error}): if it is plain text, name it .csv") from None
    except UnicodeDecodeError as error:
        raise TableError(
            f"{path} is not UTF-8 text ({error}): is it compressed? Then its name must end in .gz"
        ) from None
    except ValueError as error:
        raise TableError(f"{path}: {error}: unpack it, if you know where it comes from") from None
    if kind := kind_of(plain[:BEGINNING]):
        raise TableError(f"{path} is not a CSV file: it looks like {kind}")
    return text


def _lines(path: Path, text: str) -> tuple[list[str], list[list[str]]]:
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except csv.Error as error:
        raise TableError(f"{path} is not a CSV file: {error}") from None
    if len(lines) < 2:
        raise TableError(f"{path} is empty: it has {len(lines)} lines, and needs a header and at least one row")
    header, rows = lines[0], lines[1:]
    for row, cells in enumerate(rows):
        if len(cells) != len(header):
            last = header[min(len(cells), len(header)) - 1]
            raise TableError(
                f"{path}: row {row} has {len(cells)} cells, the header {len(header)} (last column in both: "
                f"{shown(last)}); if it is the last row, the file is cut: copy or download it again"
            )
    return header, rows
