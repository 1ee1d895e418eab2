"""NAS-Bench-201's test accuracies (Dong and Yang 2020) from a third party's CSV extract of the NATS-Bench release.

The extract has a header and one row per cell, in the official order, with the mean test accuracy (percent) over the
available seeds after 200 epochs, as the official client's `get_more_info(index, dataset, hp=200, is_random=False)`
returns it. No SHA-256 of it is published, so its content is checked: every cell occurs once and in the official order,
numbers that are published elsewhere and the best cell of each data set are right, and every number can be the mean of
one to three counts of correct images. `benchmarks.pull.comparison` then checks the agreement with other trainings.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import TableError
from benchmarks.files import read_bytes
from benchmarks.formats.compact import read_compact, write_compact
from benchmarks.formats.csv_rows import parsed
from benchmarks.readers.nasbench201 import EXTRACT_NAME, column_of
from benchmarks.table import Facts

REPOSITORY, COMMIT = "v-tao/nats-bench-landscape", "7d355a6a1b7b5ccf72f5967bf669d16c18e216b8"
EXTRACT = (
    f"a third party's extract (github.com/{REPOSITORY}, commit {COMMIT[:7]}), not the authors' own file; no sum of it "
    "is published, so it is checked by its content"
)
LICENCE = "MIT for the numbers (D-X-Y/NATS-Bench); the extract's repository states none"
KEY = "ArchitectureString"
DECIMALS = 4
FLOAT_NOISE = 1e-5
ROUNDING = 0.5001 * 10**-DECIMALS
ORDER_SHA256 = "b24e2a8b6802be1326de041d81d564998ca8aa923055352f3a95c30d59ce7048"
FACTS = Facts(
    name=EXTRACT_NAME,
    space="nasbench201",
    title="NAS-Bench-201, test accuracies after 200 epochs in the NATS-Bench release, from a third party's extract",
    source="Dong and Yang 2020, arXiv 2001.00326; Dong et al. 2021, arXiv 2009.00437, github.com/D-X-Y/NATS-Bench",
    licence=LICENCE,
    path=None,
    sha256=None,
    rows=None,
    note=(
        f"Limits: {EXTRACT}: cells and their order, numbers published elsewhere, the best cells, and, where "
        "analog-nasbench is installed, agreement with its trainings of the same cells. That excludes invented numbers, "
        "not a few changed ones. Test accuracies only, means over the available seeds. Rounded to four decimals, since "
        "the release's means of equal accuracies differ in the eighth digit, which would rank them. Some cells have "
        "one seed more here than in NAS-Bench-201 v1.1, and so another mean."
    ),
    splits="test",
    epochs="200",
    seeds="mean over up to 3",
)

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
_CELL = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"


# test accuracies on CIFAR-10, CIFAR-100 and ImageNet16-120, by row
PUBLISHED_ACCURACIES: Mapping[int, tuple[float, float, float]] = {
    # NATS-Bench's own records
    0: (85.8633, 52.9133, 26.6333),
    11: (91.5833, 67.6067, 30.1667),
    284: (88.79, 62.14, 32.4667),
    # all skip_connect: the row of DARTS and ENAS in NAS-Bench-201's table
    1835: (54.2967, 15.6067, 16.3222),
    # the best on each data set; DrNAS and β-DARTS report the accuracies of 9930
    6111: (94.3733, 73.22, 46.7111),
    9930: (94.3633, 73.5133, 46.3444),
    857: (93.9867, 72.88, 47.3111),
    # two seeds here, one in NAS-Bench-201 v1.1
    15569: (86.445, 57.76, 28.0167),
}


@dataclass(frozen=True)
class Accuracy:
    """One column of the extract, and known facts about it.

    Attributes:
        name: name of the column in the compact table.
        place: position in `PUBLISHED_ACCURACIES`.
        best: row of the highest accuracy.
        parts: every mean is a multiple of 1/`parts` percent; 10,000 test images and up to three seeds give 600.
    """

    name: str
    place: int
    best: int
    parts: int


ACCURACIES: Mapping[str, Accuracy] = {
    "CIFAR10TestAccuracy200Epochs": Accuracy("cifar10_test_200ep_pct", 0, best=6111, parts=600),
    "CIFAR100TestAccuracy200Epochs": Accuracy("cifar100_test_200ep_pct", 1, best=9930, parts=300),
    "ImageNetTestAccuracy200Epochs": Accuracy("imagenet16_120_test_200ep_pct", 2, best=857, parts=180),
}


def build_table(file: Path, target: Path, origin: str) -> None:
    """Write the compact table at `target`, which ends in .parquet, from the extract in `file`.

    `origin` names the source of the extract, for messages and for the table's facts.

    Raises:
        TableError: if the content is not the release's 15,625 cells with their known accuracies; the message names the
            row and the column.

    """
    keys, numbers = read_extract(file, origin)
    columns = [column_of("index", target), *(column_of(name, target) for name in numbers)]
    facts = replace(FACTS, source=f"{FACTS.source}; read from {origin}")
    write_compact(target, keys, columns, [np.arange(len(keys)), *numbers.values()], facts)


def check_table(target: Path) -> None:
    """Raise TableError unless the compact table at `target` is undamaged and agrees with the known accuracies."""
    table = read_compact(target)
    _check_cells(str(target), table.keys)
    for accuracy in ACCURACIES.values():
        _check_accuracies(str(target), accuracy, table.values(table.keys, accuracy.name), within=ROUNDING)


def read_extract(file: Path, origin: str) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """Architecture strings, and accuracies by column name, float64 of shape [15625], rounded to four decimals.

    Other columns of the file are ignored. Raises TableError as `build_table` does.
    """
    header, rows = _rows(file, origin)
    for name in (KEY, *ACCURACIES):
        if name not in header:
            found = ", ".join(header)[:100] or "nothing"
            raise TableError(f"{origin} is not the extract: its first line has no column {name!r}, but {found}")
    keys = [cells[header.index(KEY)] for cells in rows]
    _check_cells(origin, keys)
    numbers = {}
    for name, accuracy in ACCURACIES.items():
        given = _numbers(file, origin, name, [cells[header.index(name)] for cells in rows])
        _check_accuracies(origin, accuracy, given, within=FLOAT_NOISE)
        numbers[accuracy.name] = np.array([float(f"{value:.{DECIMALS}f}") for value in given.tolist()])
    return keys, numbers


def _rows(file: Path, origin: str) -> tuple[list[str], list[list[str]]]:
    try:
        lines = list(csv.reader(io.StringIO(read_bytes(file).decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{origin} is not a CSV file: {error}") from None
    header, rows = (lines[0], lines[1:]) if lines else ([], [])
    for row, cells in enumerate(rows):
        if len(cells) != len(header):
            raise TableError(f"{origin}: row {row} has {len(cells)} fields, the header {len(header)}: the file is cut")
    return header, rows


def _numbers(file: Path, origin: str, name: str, texts: Sequence[str]) -> NDArray[np.float64]:
    try:
        numbers = parsed(file, name, texts)
    except TableError as error:  # it names the temporary file, which means nothing to the user
        raise TableError(str(error).replace(str(file), origin, 1)) from None
    for broken, complaint in (
        (~np.isfinite(numbers), "is not a number"),
        ((numbers < 0) | (numbers > 100), "is not a percentage from 0 to 100"),
    ):
        if broken.any():
            row = int(np.argmax(broken))
            raise TableError(f"{origin}: row {row}, column {name!r}: {texts[row]!r} {complaint}")
    return numbers


def _check_cells(origin: str, keys: Sequence[str]) -> None:
    every_cell = {_CELL.format(*operations) for operations in itertools.product(OPERATIONS, repeat=6)}
    if len(keys) != len(every_cell):
        raise TableError(f"{origin} has {len(keys):,} rows; NAS-Bench-201 has {len(every_cell):,} cells")
    left = set(every_cell)
    for row, key in enumerate(keys):
        if key not in left:
            complaint = "is there twice" if key in every_cell else "is not a NAS-Bench-201 cell"
            raise TableError(f"{origin}: row {row}: {key!r} {complaint}")
        left.remove(key)
    if hashlib.sha256("".join(f"{key}\n" for key in keys).encode()).hexdigest() != ORDER_SHA256:
        raise TableError(f"{origin}: its cells are not in the official order; row 0 is {keys[0]}")


def _check_accuracies(origin: str, accuracy: Accuracy, numbers: NDArray[np.float64], *, within: float) -> None:
    """Raise TableError unless numbers are as published, and within `within` of means of up to three trainings."""
    wrong = f"{origin} does not hold the official results: column {accuracy.name}"
    for row, all_published in PUBLISHED_ACCURACIES.items():
        published = all_published[accuracy.place]
        if not abs(numbers[row] - published) <= ROUNDING:
            raise TableError(f"{wrong}, row {row} is {numbers[row]:.{DECIMALS}f}; published is {published}")
    if (best := int(np.argmax(numbers))) != accuracy.best:
        raise TableError(
            f"{wrong} is highest in row {best}, {numbers[best]:.{DECIMALS}f}; published: row {accuracy.best}"
        )
    broken = ~(np.abs(numbers - np.round(numbers * accuracy.parts) / accuracy.parts) <= within)
    if broken.any():
        row = int(np.argmax(broken))
        raise TableError(
            f"{wrong}, row {row} is {numbers[row]:.10g}, which is no mean of up to three trainings: they "
            f"are multiples of 1/{accuracy.parts} ({int(broken.sum()):,} such rows)"
        )
