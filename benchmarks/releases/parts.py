"""Finished parts of a conversion, stored next to its file so that it can be resumed, and the list of its problems.

A part is a Parquet file with one row per record: `index`, `stamp` (size and modification time of the record's source)
and `numbers` (a list, with the same length for all). Each part is written completely or not at all, and names its
conversion.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import TableError
from benchmarks.files import read_bytes
from benchmarks.formats.curves import curves_path
from benchmarks.formats.parquet import FORMAT, Parquet, arrow_floats, numpy_floats, write_parquet

ROWS: Final = 128
"""Records per part: the most that a kill loses, some seconds of work."""

_UNFINISHED: Final = re.compile(r"-[0-9a-f]{16}$")


@contextlib.contextmanager
def conversion_lock(target: Path) -> Iterator[None]:
    """Hold the lock for conversions to one file; the system frees it when its holder dies.

    The lock is a file next to the target, `.NAME.lock`. It is removed before it is freed; a process that then gets the
    lock of the removed file makes a new one.

    Raises:
        TableError: if another conversion to that file is running, or the lock cannot be made.

    """
    import filelock

    path = target.with_name(f".{target.name}.lock")
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise TableError(
            f"another conversion to {target} is running: wait until it has ended, or name another file"
        ) from None
    except OSError as error:
        raise TableError(f"cannot make the lock {path}: {error.strerror or error}") from error
    try:
        _remove_left(target)
        yield
    finally:
        with contextlib.suppress(OSError):  # some systems cannot remove an open file
            path.unlink()
        lock.release()


def _remove_left(target: Path) -> None:
    """Remove the unfinished files of conversions to a file that were killed; whoever holds the lock may do so."""
    for left in (target, curves_path(target), problems_path(target)):
        for path in target.parent.glob(f".{glob.escape(left.name)}-*"):
            _remove_unfinished(path)
    for path in target.with_name(f".{target.name}.partial").glob(".*.parquet-*"):
        _remove_unfinished(path)


def _remove_unfinished(path: Path) -> None:
    if _UNFINISHED.search(path.name):
        with contextlib.suppress(OSError):
            path.unlink()


@dataclass
class PartRows:
    """Records that have been read: N indices, stamps and lists of numbers."""

    indices: list[int] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)
    numbers: list[list[float]] = field(default_factory=list)

    def add(self, index: int, stamp: str, numbers: list[float]) -> None:
        """Append one record."""
        self.indices.append(index)
        self.stamps.append(stamp)
        self.numbers.append(numbers)

    def __len__(self) -> int:
        return len(self.indices)


class Parts:
    """The parts of one conversion to one file.

    Args:
        target: the file that the conversion will write; the parts are next to it in `.NAME.partial`.
        conversion: values that identify the conversion. Parts of another conversion are deleted.

    Raises:
        TableError: if the folder of the parts cannot be read or written.

    """

    def __init__(self, target: Path, conversion: Mapping[str, object]) -> None:
        self.folder: Final = target.with_name(f".{target.name}.partial")
        self.conversion: Final = hashlib.sha256(json.dumps(conversion, sort_keys=True).encode()).hexdigest()
        self.thrown_away = 0
        self._files: list[Path] = []
        self._place: dict[int, Path] = {}
        self.stamps: dict[int, str] = {}
        for path in sorted(self.folder.glob("*.parquet")):
            self._use_existing(path)

    def keep(self, rows: PartRows) -> None:
        """Write rows as a part, if there are any; TableError if that fails."""
        if not len(rows):
            return
        import pyarrow as pa

        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise TableError(f"cannot make the folder {self.folder} for finished parts: {error.strerror}") from error
        last = max((int(path.stem) for path in self._files), default=-1)
        path = self.folder / f"{last + 1:06d}.parquet"
        matrix = np.array(rows.numbers, dtype=np.float64)
        lists = pa.FixedSizeListArray.from_arrays(arrow_floats(matrix.reshape(-1)), matrix.shape[1])
        arrow = pa.table({"index": pa.array(rows.indices, pa.int64()), "stamp": rows.stamps, "numbers": lists})
        write_parquet(path, [arrow], self._document())
        self._register(path, rows.indices, rows.stamps)

    def numbers(self, indices: Sequence[int]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
        """Numbers of the given records, as far as parts hold them, part by part.

        Rows are assigned to records by the indices in the part's file, and not from memory.

        Yields:
            Positions in `indices`, shape [N], and the numbers, shape [N, C].

        Raises:
            TableError: if a part has been damaged, replaced or removed by another program.

        """
        wanted: dict[Path, list[int]] = {}
        for place, index in enumerate(indices):
            if index in self._place:
                wanted.setdefault(self._place[index], []).append(place)
        for path, places in wanted.items():
            held, _, numbers = self._read(path)
            row_of = {index: row for row, index in enumerate(held)}
            rows = [row_of.get(indices[place]) for place in places]
            if None in rows:
                raise TableError(f"{path} lost records while it was in use: is another program writing there?")
            yield np.array(places, dtype=np.intp), numbers[np.array(rows, dtype=np.intp)]

    def forget(self, index: int) -> None:
        """Treat a record as not yet read."""
        self._place.pop(index, None)
        self.stamps.pop(index, None)

    def remove(self) -> None:
        """Remove the folder of the parts, once the table is written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _use_existing(self, path: Path) -> None:
        """Use an existing part; a part that is damaged or of another conversion is deleted."""
        try:
            indices, stamps, _ = self._read(path)
        except TableError:
            self.thrown_away += 1
            with contextlib.suppress(OSError):
                path.unlink()
            return
        self._register(path, indices, stamps)

    def _register(self, path: Path, indices: list[int], stamps: list[str]) -> None:
        self._files.append(path)
        self._place.update(dict.fromkeys(indices, path))
        self.stamps.update(zip(indices, stamps, strict=True))

    def _read(self, path: Path) -> tuple[list[int], list[str], NDArray[np.float64]]:
        """Indices, stamps and numbers of a part."""
        file = Parquet(path, "part", read_bytes(path))
        if file.document != self._document():
            raise TableError(f"{path} is a part of another conversion")
        arrow = file.read(["index", "stamp", "numbers"])
        numbers = numpy_floats(arrow.column("numbers")).reshape(arrow.num_rows, -1)
        return arrow.column("index").to_pylist(), arrow.column("stamp").to_pylist(), numbers

    def _document(self) -> dict[str, object]:
        return {"format": FORMAT, "kind": "part", "facts": {"conversion": self.conversion}, "columns": []}


def problems_path(table: Path) -> Path:
    """Where the list lies: table.parquet.problems.txt next to table.parquet."""
    return table.with_name(f"{table.name}.problems.txt")


def write_problems(table: Path, missing: Sequence[int], corrupt: Mapping[int, str]) -> Path | None:
    """Write one line for each record that is NaN in the table: index, `missing` or `corrupt`, and the reason.

    The fields stand between tabs, the records in order of index. Without any, a list of an earlier conversion is
    removed.

    Returns:
        The file; None where there are no such records.

    Raises:
        TableError: the file cannot be written or removed.

    """
    path = problems_path(table)
    reasons = {**{index: "missing\tthere is no record" for index in missing}, **_on_one_line(corrupt)}
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        if not reasons:
            path.unlink(missing_ok=True)
            return None
        lines = [f"{index}\t{reasons[index]}\n" for index in sorted(reasons)]
        temporary.write_text("".join(lines), encoding="utf-8", errors="backslashreplace")
        os.replace(temporary, path)
    except OSError as error:
        raise TableError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def _on_one_line(corrupt: Mapping[int, str]) -> dict[int, str]:
    return {index: "corrupt\t" + " ".join(reason.split()) for index, reason in corrupt.items()}
