"""Check that pulled accuracies are those of trainings, by comparison with an independent training of every cell.

AnalogNAS-Bench trained each of the 15,625 cells once more, on CIFAR-10. Trainings of a cell agree so well that invented
numbers are detected. Measured on the official table: the Spearman correlation of its CIFAR-10 test accuracies with
AnalogNAS-Bench is 0.9910, that of its CIFAR-100 and ImageNet16-120 test accuracies with its CIFAR-10 test accuracies
0.9792 and 0.9585, and 45 cells differ from AnalogNAS-Bench by more than 3 points. The bounds leave room for further
seeds in a later release. Random numbers in 2 % of the cells of a column are detected, in 0.5 % they are not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import TableError
from benchmarks.formats.compact import read_compact
from benchmarks.readers import analognasbench

CIFAR10 = "cifar10_test_200ep_pct"
WITH_ANALOG = 0.98
WITH_CIFAR10 = {"cifar100_test_200ep_pct": 0.97, "imagenet16_120_test_200ep_pct": 0.945}
POINTS = 3.0
MOST_APART = 150


class CannotCompareError(TableError):
    """The data to compare with are not available, so the numbers may be right or wrong."""


def compare_table(target: Path, origin: str) -> None:
    """Compare the compact table at `target` with AnalogNAS-Bench; `origin` is its source, for messages.

    Raises:
        CannotCompareError: if AnalogNAS-Bench is not installed, or in another version.
        TableError: if the accuracies cannot be those of trainings, with the measured and the expected values.

    """
    try:
        independent = analognasbench.read_analognasbench()
    except TableError as error:
        raise CannotCompareError(
            f"{origin}: its numbers could not be compared with AnalogNAS-Bench's independent training ({error})"
        ) from error
    table = read_compact(target)
    cifar10 = table.values(table.keys, CIFAR10)
    trained_again = independent.values(table.keys, CIFAR10)
    wrong = f"{origin} does not hold the official results: column"
    _check_ranks(wrong, CIFAR10, cifar10, "AnalogNAS-Bench's training of the same cells", trained_again, WITH_ANALOG)
    apart = int((np.abs(cifar10 - trained_again) > POINTS).sum())
    if apart > MOST_APART:
        raise TableError(
            f"{wrong} {CIFAR10} differs from AnalogNAS-Bench's training of the same cells by more than {POINTS:g} "
            f"points in {apart:,} cells; expected: at most {MOST_APART:,}"
        )
    for name, least in WITH_CIFAR10.items():
        _check_ranks(wrong, name, table.values(table.keys, name), f"its column {CIFAR10}", cifar10, least)


def _check_ranks(
    wrong: str,
    name: str,
    numbers: NDArray[np.float64],
    other: str,
    others: NDArray[np.float64],
    least: float,
) -> None:
    import pandas as pd  # imported here, since `benchmarks.pull.pulling` is also imported just to look for a file

    found = float(pd.Series(numbers).rank().corr(pd.Series(others).rank()))
    if not found >= least:
        raise TableError(
            f"{wrong} {name} has a Spearman correlation of {found:.4f} with {other}; expected: at least {least:g}"
        )
