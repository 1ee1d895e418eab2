"""Writer and reader of the learning curves that `nasinit convert --curves` writes next to a compact table.

Like the table, the file is Parquet with the same metadata: a string column `architecture`, and for each curve a column
of lists with one value per epoch. A curve's column has the name of the table's column that holds its last value, such
as `cifar10_test_200ep_pct_seed777`. NaN means that an epoch, or the whole training, was not measured.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import TableError, unknown
from benchmarks.formats.compact import KEY, columns_and_facts, document_of
from benchmarks.formats.parquet import Parquet, arrow_floats, numpy_floats, write_parquet
from benchmarks.table import Column, Facts

_KIND = "curves"


def curves_path(table: Path) -> Path:
    """Path of the curves of a compact table: table.curves.parquet next to table.parquet."""
    return table.with_suffix(f".curves{table.suffix}")


def is_curves(path: Path) -> bool:
    """Whether there is a file of curves that this version of nasinit can read."""
    try:
        return path.is_file() and bool(Parquet(path, _KIND).names)
    except TableError:
        return False


def check_curves_target(path: Path) -> None:
    """Raise TableError if `path` is something else than a file of curves, which must not be replaced."""
    if path.exists() and not is_curves(path):
        raise TableError(
            f"the learning curves would replace {path}, which is no file of learning curves: move it away, or give the "
            "table another name"
        )


@dataclass(frozen=True)
class Curves:
    """Learning curves by architecture; a column is read from the file when it is needed."""

    path: Path
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    facts: Facts

    def values(self, keys: Iterable[str], column: str) -> NDArray[np.float64]:
        """Curves of the given architectures, in the order of `keys`.

        Returns:
            A float64 array of shape [N, E] for N keys and E epochs (the first value is after one epoch), in the
            column's unit.

        Raises:
            TableError: for an unknown column or key, or a file that was damaged or changed since it was opened.

        """
        names = [known.name for known in self.columns]
        if column not in names:
            raise TableError(f"{self.path}: {unknown('curve', column, names)}")
        row_of = {key: row for row, key in enumerate(self.keys)}
        wanted = list(keys)
        missing = [key for key in wanted if key not in row_of]
        if missing:
            raise TableError(f"{self.path}: {len(missing):,} of {len(wanted):,} keys are not in it: {missing[0]!r}, …")
        arrow = Parquet(self.path, _KIND).read([column])
        numbers = numpy_floats(arrow.column(column)).reshape(arrow.num_rows, -1)
        if len(numbers) != len(self.keys):
            raise TableError(f"{self.path} changed since it was opened: open it again")
        return numbers[[row_of[key] for key in wanted]]


def write_curves(
    path: Path,
    keys: Sequence[str],
    columns: Sequence[Column],
    blocks: Iterable[Sequence[NDArray[np.float64]]],
    facts: Facts,
) -> None:
    """Write curves to one Parquet file, completely or not at all.

    Args:
        path: the file to write; an existing file is replaced.
        keys: R architecture strings.
        columns: descriptions of the C curves.
        blocks: gives C arrays of shape [r, E_c] for the next r keys at a time, so that not all are in memory at once.
        facts: source of the curves.

    """
    import pyarrow as pa

    def parts() -> Iterator[pa.Table]:
        first = 0
        for arrays in blocks:
            size = len(arrays[0])
            lists = [pa.FixedSizeListArray.from_arrays(arrow_floats(a.reshape(-1)), a.shape[1]) for a in arrays]
            names = [KEY, *(column.name for column in columns)]
            yield pa.table([pa.array(keys[first : first + size], pa.string()), *lists], names=names)
            first += size

    write_parquet(path, parts(), document_of(_KIND, columns, facts))


def read_curves(path: str | os.PathLike[str]) -> Curves:
    """Open a file that `nasinit convert --curves` wrote; reads the keys and the descriptions of the curves.

    `nasinit convert RELEASE --to nasbench201.parquet --curves cifar10:test` writes `nasbench201.curves.parquet`:

        curves = benchmarks.read_curves("nasbench201.curves.parquet")
        [column.name for column in curves.columns]  # the curves in the file
        curves.values(curves.keys[:5], "cifar10_test_200ep_pct_seed777")  # [5, 200], the first after one epoch

    Args:
        path: the file of curves, whose name ends in .curves.parquet.

    Raises:
        TableError: for a file that is missing, damaged, of another kind or of a later format; the message names it.

    """
    given = Path(os.path.expanduser(path))
    file = Parquet(given, _KIND)
    columns, facts = columns_and_facts(file)
    keys = file.column(file.read([KEY]), KEY, "string").to_pylist()
    return Curves(given, tuple(keys), tuple(columns), replace(facts, path=given, rows=len(keys)))
