"""Conversion of an official release into one compact table: streaming, resumable, tolerant of unreadable records."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import TableError
from benchmarks.formats.compact import check_target, write_compact
from benchmarks.formats.curves import check_curves_target, curves_path, is_curves, write_curves
from benchmarks.releases.curves import Curve, curve_numbers, curves_of, splits_named
from benchmarks.releases.opening import open_release
from benchmarks.releases.parts import ROWS, PartRows, Parts, conversion_lock, write_problems
from benchmarks.releases.quantities import columns_of, numbers_of
from benchmarks.releases.records import Record
from benchmarks.releases.release import Release, unreadable
from benchmarks.shown import in_epochs
from benchmarks.table import Column, Facts

Progress = Callable[[int], AbstractContextManager[Callable[[], None]]]
"""Takes the number of records to read; a context whose value is called after each record."""

_INDEX = Column("index", None, None, None, "index", "none", "position in the release's order")
_BLOCK: Final = 1024
_DISTRIBUTIONS = {"nats_bench": "nats_bench", "nas_201_api": "nas-bench-201"}


@dataclass(frozen=True)
class Conversion:
    """The result of a conversion.

    Attributes:
        table: the compact table.
        curves: the file of learning curves; None without curves.
        release: the converted release.
        columns: columns of the table.
        converted: number of records in the table.
        resumed: number of these records that an interrupted conversion had read.
        missing: indices without a record.
        corrupt: messages on records that could not be read, by index.
        thrown_away: number of unused parts of another or a damaged conversion.
        changed: number of records in parts that were read again, since their source had changed.
        problems: file that lists missing and corrupt records; None without any.
        removed: removed file of an earlier table's curves, where this conversion wrote none.
    """

    table: Path
    curves: Path | None
    release: Release
    columns: tuple[Column, ...]
    converted: int
    resumed: int
    missing: tuple[int, ...]
    corrupt: dict[int, str]
    thrown_away: int
    changed: int
    problems: Path | None
    removed: Path | None


def convert(
    source: str | os.PathLike[str],
    to: str | os.PathLike[str],
    *,
    curves: Sequence[str] = (),
    order: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Conversion:
    """Write a release's numbers to one compact Parquet file, and its learning curves to another on request.

    Every architecture of the release gets a row, with NaN where its record is missing or cannot be read. Finished parts
    are stored next to the file, so that the same call continues after an interruption or a kill. Missing and corrupt
    records are then read again, and are listed in a text file next to the table. The memory needed does not grow with
    the number of records.

    Args:
        source: path of the release, a folder or a file, as for `open_release`.
        to: the .parquet file to write; an existing file is replaced once the new one is complete.
        curves: learning curves to write next to it, each named DATASET:SPLIT, such as `cifar10:test`. Without any, a
            file of curves of an earlier table of that name is removed.
        order: for an archive folder, the file with the order of its architectures, as for `open_release`.
        progress: shows the progress of the conversion.

    Raises:
        TableError: for a source that is no release or a truncated single file, a target that cannot be written or that
            another conversion is writing, an unknown curve, or if no record at all can be read.

    """
    path = Path(os.path.expanduser(to))
    check_target(path)
    splits = splits_named(curves)
    if splits:
        check_curves_target(curves_path(path))
    release = open_release(source, order=order)
    with conversion_lock(path):
        return _convert(release, path, curves_of(release.kind, splits), progress)


def _convert(release: Release, path: Path, chosen: Sequence[Curve], progress: Progress | None) -> Conversion:
    """Read all records and write all files, while no other conversion to that path runs."""
    parts = Parts(path, _identity(release, chosen))
    changed = _forget_changed(release, parts)
    resumed = len(parts.stamps)
    corrupt = _read_all(release, chosen, parts, progress)
    converted = [index for index in range(len(release)) if index in parts.stamps]
    missing = tuple(index for index in range(len(release)) if index not in parts.stamps and index not in corrupt)
    if not converted:
        first = next(iter(corrupt.values()), "none is there")
        raise TableError(
            f"{release.path}: no record could be read: {len(missing):,} are missing, {len(corrupt):,} corrupt ({first})"
        )
    removed = None if chosen else _remove_curves(path)
    columns, facts = _write_table(path, release, parts, len(converted), len(missing), len(corrupt))
    curves_file = _write_curves(path, release, parts, chosen, columns, facts) if chosen else None
    problems = write_problems(path, missing, corrupt)
    parts.remove()
    counts = (len(converted), resumed, missing, corrupt, parts.thrown_away, changed)
    return Conversion(path, curves_file, release, columns, *counts, problems, removed)


def _remove_curves(path: Path) -> Path | None:
    """Remove the curves of an earlier table of that name, perhaps of another release; returns their file."""
    stale = curves_path(path)
    if not is_curves(stale):
        return None
    try:
        stale.unlink()
    except OSError as error:
        raise TableError(f"cannot remove {stale}, the curves of an earlier table: {error.strerror}") from error
    return stale


def _identity(release: Release, curves: Sequence[Curve]) -> dict[str, object]:
    """Values that identify a conversion; a change of a single record is detected by its stamp."""
    client = _DISTRIBUTIONS[release.kind.client]
    return {
        "kind": release.kind.name,
        "version": release.version,
        "source": str(release.path.resolve()),
        "architectures": hashlib.sha256("\n".join(release.architectures).encode()).hexdigest(),
        "columns": [column.name for column in columns_of(release.kind)],
        "curves": [curve.name for curve in curves],
        "client": f"{client} {distribution_version(client)}",
    }


def _read_all(release: Release, curves: Sequence[Curve], parts: Parts, progress: Progress | None) -> dict[int, str]:
    """Read the records that no part holds yet into parts; returns messages on unreadable records, by index."""
    resumed = frozenset(parts.stamps)
    present = release.source.present
    total = (
        len(release) if present is None else len(present - resumed)
    )  # in a single file, skipped records are read too
    corrupt: dict[int, str] = {}
    rows, left = PartRows(), total
    with (progress or _silent)(total) as advance:

        def step() -> None:
            nonlocal left
            left -= 1
            advance()

        try:
            for index, record in release.records(resumed, step):
                numbers = _numbers(release, index, record, curves)
                if isinstance(numbers, TableError):
                    corrupt[index] = str(numbers)
                else:
                    rows.add(index, release.source.stamp(index), numbers)
                if len(rows) >= ROWS:
                    full, rows = rows, PartRows()
                    parts.keep(full)
                step()
        finally:  # an interruption or a damaged end of a single file must not lose records
            parts.keep(rows)
        for _ in range(left):  # records that a single file lacks
            advance()
    return corrupt


def _numbers(
    release: Release, index: int, record: Record | TableError, curves: Sequence[Curve]
) -> list[float] | TableError:
    if isinstance(record, TableError):
        return record
    try:
        return [*numbers_of(record), *curve_numbers(record, curves)]
    except TableError as error:
        return error
    except Exception as error:  # an unforeseen error in one record must not stop the others
        return unreadable(str(release.path), index, error)


def _forget_changed(release: Release, parts: Parts) -> int:
    """Forget the records whose source has changed since a part was read; returns their number."""
    present = release.source.present
    gone = [
        index
        for index, stamp in parts.stamps.items()
        if (present is not None and index not in present) or release.source.stamp(index) != stamp
    ]
    for index in gone:
        parts.forget(index)
    return len(gone)


def _write_table(
    path: Path, release: Release, parts: Parts, converted: int, missing: int, corrupt: int
) -> tuple[tuple[Column, ...], Facts]:
    """Write the table from the parts; returns its columns (those with a value) and facts."""
    known = columns_of(release.kind)
    numbers = np.full((len(known), len(release)), np.nan)
    for places, values in parts.numbers(range(len(release))):
        numbers[:, places] = values[:, : len(known)].T
    kept = [place for place in range(len(known)) if not np.isnan(numbers[place]).all()]
    columns = (_INDEX, *(known[place] for place in kept))
    facts = _facts(release, columns, converted, missing, corrupt)
    index = np.arange(len(release), dtype=np.float64)
    write_compact(path, release.architectures, columns, [index, *(numbers[place] for place in kept)], facts)
    return columns, facts


def _write_curves(
    path: Path, release: Release, parts: Parts, curves: Sequence[Curve], columns: Sequence[Column], facts: Facts
) -> Path:
    """Write the curves whose seed has a column in the table from the parts; returns their file."""
    table = {column.name: column for column in columns}
    width = len(columns_of(release.kind))
    ends = np.cumsum([curve.epochs for curve in curves]) + width
    kept = [(curve, end) for curve, end in zip(curves, ends.tolist(), strict=True) if curve.name in table]

    def blocks() -> Iterator[Sequence[NDArray[np.float64]]]:
        for first in range(0, len(release), _BLOCK):
            indices = range(first, min(first + _BLOCK, len(release)))
            arrays = [np.full((len(indices), curve.epochs), np.nan) for curve, _ in kept]
            for places, values in parts.numbers(indices):
                for array, (curve, end) in zip(arrays, kept, strict=True):
                    array[places] = values[:, end - curve.epochs : end]
            yield arrays

    curves_file = curves_path(path)
    described = [
        replace(table[curve.name], description=f"after each epoch: {table[curve.name].description}")
        for curve, _ in kept
    ]
    title = f"{facts.title}: learning curves"
    write_curves(curves_file, release.architectures, described, blocks(), replace(facts, title=title))
    return curves_file


def _facts(release: Release, columns: Sequence[Column], converted: int, missing: int, corrupt: int) -> Facts:
    kind = release.kind
    client = _DISTRIBUTIONS[kind.client]
    seeds = {
        epochs: sorted(
            {c.seeds.removeprefix("seed ") for c in columns if c.epochs == epochs and c.seeds.startswith("seed ")}
        )
        for epochs in kind.epochs
    }
    return Facts(
        name=kind.name,
        space=kind.space,
        title=kind.title,
        source=f"{kind.source}; version {release.version}, {release.path.resolve().name}",
        licence=kind.licence,
        path=None,
        sha256=None,
        rows=None,
        note=(
            f"Converted from {converted:,} of {len(release):,} records ({missing:,} missing, {corrupt:,} corrupt). The "
            f"release's own client, {client} {distribution_version(client)}, says what a number is. Without _seedN in "
            "its name, a column is the mean over the available seeds. The networks behind cifar10_valid and cifar10half"
            " saw half of CIFAR-10's training images, those behind cifar10_train and cifar10_test all of them; in "
            "cifar100 and imagenet16_120, valid and test are the two parts of validtest."
        ),
        splits=", ".join(dict.fromkeys(f"{c.dataset} {c.split}" for c in columns if c.split is not None)),
        epochs=", ".join(map(str, kind.epochs)),
        seeds="; ".join(f"{', '.join(found)} after {in_epochs(epochs)}" for epochs, found in seeds.items() if found),
    )


@contextlib.contextmanager
def _silent(total: int) -> Iterator[Callable[[], None]]:
    yield lambda: None
