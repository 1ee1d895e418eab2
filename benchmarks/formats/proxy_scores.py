"""Scores of training-free proxies as one compact Parquet file: numbers, reasons of those that are missing, provenance.

The file has a string column `architecture` and a column for each proxy, in float32 where no two different scores
become one and else in float64, so that ranks are kept exactly. Its document (`benchmarks.formats.parquet`) is of kind
"proxy scores". `facts` and `columns` are as in a compact table; `made` says what made the scores; `missing` has, by
column, the status, the message and the rows of the scores that are missing, which are NaN in the column.

A file `NAME.parquet.json` next to it repeats facts and columns, with the number of rows and the SHA-256 of the Parquet
file, so that the table can be listed without a reader of Parquet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import TableError
from benchmarks.files import read_bytes, sha256_of
from benchmarks.formats.compact import KEY, check_target, columns_and_facts, document_of, stated
from benchmarks.formats.parquet import FLOATS, Parquet, arrow_floats, numpy_floats, write_parquet
from benchmarks.table import SCORE, Column, Facts, Table

if TYPE_CHECKING:
    from pyarrow import Array as ArrowArray

KIND: Final = "proxy scores"
Reason = tuple[str, str]
"""Status of a score that is missing, and its message."""


@dataclass(frozen=True)
class ProxyScores:
    """Scores by proxies on the architectures of a table.

    Attributes:
        table: the numbers, one column a proxy, NaN where a score is missing.
        missing: by column, the reason of each row (from 0) without a score.
        made: what made the scores, as the file states it.
    """

    table: Table
    missing: Mapping[str, Mapping[int, Reason]]
    made: Mapping[str, Any]


def write_proxy_scores(
    path: Path,
    keys: Sequence[str],
    numbers: Mapping[str, NDArray[np.float64]],
    columns: Sequence[Column],
    missing: Mapping[str, Mapping[int, Reason]],
    facts: Facts,
    made: Mapping[str, Any],
) -> None:
    """Write scores to one Parquet file, completely or not at all; the same scores give the same bytes.

    Args:
        path: the file to write; its name ends in .parquet, and its folder exists. An existing file is replaced.
        keys: R canonical architecture strings; equal rows next to each other make a smaller file.
        numbers: by column, scores of shape [R]; NaN where one is missing.
        columns: descriptions of the columns, of unit `score`.
        missing: by column, the reason of each row without a score.
        facts: of the table; path, sha256 and rows are not written.
        made: what made the scores; anything that JSON can hold.

    Raises:
        TableError: for numbers that `Table` refuses, a missing score without a reason or a reason without one, another
            suffix, or a file that cannot be written.

    """
    check_target(path)
    table = Table(keys, columns, [numbers[column.name] for column in columns], facts)
    for column in columns:
        _check(path, column, table.values(keys, column.name), missing.get(column.name, {}))
    import pyarrow as pa

    arrays = [pa.array(table.keys, pa.string()), *(_smallest(table.values(keys, c.name)) for c in columns)]
    document = {**document_of(KIND, columns, facts), "made": made, "missing": _by_reason(missing)}
    write_parquet(path, [pa.table(arrays, names=[KEY, *table.column_names])], document)
    listed = {**document_of(KIND, columns, facts), "rows": len(table), "sha256": sha256_of(path)}
    description_of(path).write_text(json.dumps(listed, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_proxy_scores(path: Path) -> ProxyScores:
    """Read scores from a file that `write_proxy_scores` wrote; path, SHA-256 and rows in the facts are the file's.

    Raises:
        TableError: as `read_compact` does, and for reasons that do not fit the missing scores.

    """
    file = Parquet(path, KIND)
    columns, facts = columns_and_facts(file)
    read = file.read(file.names)
    keys = file.column(read, KEY, "string").to_pylist()
    numbers = [numpy_floats(file.column(read, column.name, *FLOATS)) for column in columns]
    table = Table(keys, columns, numbers, replace(facts, path=path, sha256=sha256_of(path), rows=len(keys)))
    missing = _by_row(file)
    for column in columns:
        _check(path, column, table.values(keys, column.name), missing.get(column.name, {}))
    return ProxyScores(table, missing, _made(file))


def describe_proxy_scores(path: Path) -> tuple[list[Column], Facts]:
    """Columns and facts from the file next to it; `facts.path` and `facts.rows` are those of the Parquet file.

    Raises:
        TableError: for a file that is missing, or next to another Parquet file than it was made for, and as
            `columns_and_facts` does.

    """
    file, digest = description_of(path), sha256_of(path)
    try:
        listed = json.loads(read_bytes(file))
        rows, written = listed["rows"], listed["sha256"]
        names = [KEY, *(column["name"] for column in listed["columns"])]
    except (ValueError, KeyError, TypeError) as error:
        raise TableError(f"{file} is damaged ({type(error).__name__}): make {path.name} again") from error
    if written != digest:
        raise TableError(f"{path} is not the file that {file.name} describes: its SHA-256 is {digest}")
    columns, facts = stated(file, listed, names)
    return columns, replace(facts, path=path, rows=rows)


def description_of(path: Path) -> Path:
    """The file next to a file of scores that lists its columns."""
    return path.with_name(f"{path.name}.json")


def keeps_ranks(numbers: NDArray[np.float64]) -> bool:
    """Whether no two different scores become one in float32, and none becomes infinite; NaN are left out."""
    there = numbers[~np.isnan(numbers)]
    with np.errstate(over="ignore"):
        short = there.astype(np.float32)
    return bool(np.isfinite(short).all()) and len(np.unique(short)) == len(np.unique(there))


def _smallest(numbers: NDArray[np.float64]) -> ArrowArray:
    """The scores as an Arrow array, in float32 where that keeps their ranks."""
    import pyarrow as pa

    if not keeps_ranks(numbers):
        return arrow_floats(numbers)
    short = numbers.astype(np.float32)
    return pa.Array.from_buffers(pa.float32(), len(short), [None, pa.py_buffer(short)])


def _check(path: Path, column: Column, numbers: NDArray[np.float64], missing: Mapping[int, Reason]) -> None:
    if column.unit != SCORE:
        raise TableError(f"{path}: column {column.name!r} of proxy scores has the unit {column.unit!r}, not {SCORE!r}")
    if (rows := set(np.flatnonzero(np.isnan(numbers)).tolist())) != set(missing):
        odd = min(rows ^ set(missing))
        lacks = "has no score and no reason" if odd in rows else "has a score and a reason why it has none"
        raise TableError(f"{path}: row {odd} (from 0) of column {column.name!r} {lacks}")


def _by_reason(missing: Mapping[str, Mapping[int, Reason]]) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {}
    for name, reasons in missing.items():
        rows: dict[Reason, list[int]] = {}
        for row in sorted(reasons):
            rows.setdefault(reasons[row], []).append(row)
        if rows:
            found[name] = [[*reason, at] for reason, at in rows.items()]
    return found


def _by_row(file: Parquet) -> dict[str, dict[int, Reason]]:
    given = file.document.get("missing")
    try:
        return {
            str(name): {int(row): (str(status), str(message)) for status, message, rows in reasons for row in rows}
            for name, reasons in given.items()  # type: ignore[union-attr]
        }
    except (AttributeError, TypeError, ValueError):
        raise TableError(f"{file.path}: its field 'missing' does not hold reasons by column") from None


def _made(file: Parquet) -> Mapping[str, Any]:
    made = file.document.get("made")
    if not isinstance(made, dict):
        raise TableError(f"{file.path}: its field 'made' is not an object but {type(made).__name__}")
    return made
