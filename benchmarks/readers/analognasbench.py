"""AnalogNAS-Bench (Bessalah et al. 2025): every NAS-Bench-201 cell trained again on CIFAR-10, digital and analog.

The numbers are in the data file of the installed distribution `analog-nasbench`, whose code is never imported. The
measurement is described after the authors' `analognasbench/training_script.py` (github.com/IBM/analog-nas).
"""

from __future__ import annotations

import importlib.metadata
import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.cache import cache_rows, cached_rows
from benchmarks.errors import TableError
from benchmarks.files import allow_listed_load, cache_folder, check_sha256
from benchmarks.table import Column, Facts, Table

DISTRIBUTION = "analog-nasbench"
VERSION = "0.1.3"
SHA256 = "85f3435b877aa2d36268d55ce07f6ff6d73643d17a840f1941745da5eb80db32"

OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")

_MEASURED = {
    "cifar10_test_200ep_pct": ("baseline_accuracy", "digital training for 200 epochs"),
    "cifar10_test_200ep_ptq_pct": ("ptq_accuracy", "then quantised, calibrated on the test set"),
    "cifar10_test_200ep_qat20ep_pct": (
        "qat_accuracy",
        "then 20 epochs of quantisation-aware training, its learning rate scheduled on the test set",
    ),
    "cifar10_test_200ep_noisy_pct": (
        "noisy_accuracy",
        "then the weights mapped to simulated noisy analog hardware, with no further training",
    ),
    "cifar10_test_200ep_analog200ep_pct": (
        "analog_accuracy",
        "then 200 epochs of hardware-aware training (learning rate 0.01: the script's decay steps another optimiser), "
        "measured on the simulated noisy analog hardware",
    ),
}
COLUMNS = tuple(Column(name, "cifar10", "test", 200, "pct", "one seed", text) for name, (_, text) in _MEASURED.items())

FACTS = Facts(
    name="analognasbench",
    space="nasbench201",
    title="AnalogNAS-Bench, CIFAR-10 accuracy of every NAS-Bench-201 cell, trained independently of the official table",
    source=f"Bessalah et al. 2025, arXiv 2506.18495, github.com/IBM/analog-nas; {DISTRIBUTION} {VERSION} on PyPI",
    licence="none named in the package's metadata",
    path=None,
    sha256=SHA256,
    rows=len(OPERATIONS) ** 6,
    note=(
        "Limits: one training and one seed a cell, so no error bars. Digital training as in NAS-Bench-201 (SGD with "
        "Nesterov momentum 0.9, learning rate 0.1 with cosine decay, weight decay 5e-4, batch 256, 200 epochs). "
        "Accuracy is the mean of 25 evaluations of the CIFAR-10 test set with the training augmentation (random crop "
        "with padding 4, horizontal flip) still on, so it lies a little below the official figures (maximum 94.07 "
        "against 94.37); inputs are scaled by 0.5 a channel. With the official test accuracy, over all cells: "
        "Spearman 0.991, Kendall tau-b 0.924."
    ),
    splits="test of CIFAR-10, with the training augmentation",
    epochs="200",
    seeds="one",
)


class ArchitectureRecord:
    """Replacement without code for `analognasbench.data.Architecture` in the pickle."""


class DriftRecord:
    """Replacement without code for `analognasbench.data.DriftMeasurement` in the pickle."""


_ALLOWED: dict[tuple[str, str], type] = {
    ("analognasbench.data", "Architecture"): ArchitectureRecord,
    ("analognasbench.data", "DriftMeasurement"): DriftRecord,
}


def read_analognasbench(path: Path | None = None) -> Table:
    """AnalogNAS-Bench's accuracies of the 15,625 cells of NAS-Bench-201, in the order of the data file.

    The file's SHA-256 is checked at every opening, also when the numbers then come from the cache. It takes 15 ms; a
    check of the size alone would accept a changed file under the name of the pinned version.

    Args:
        path: the file `data.anb`; None for that of the installed distribution.

    Raises:
        TableError: if the distribution is not installed, or the file is not that of version 0.1.3.

    """
    path = installed_file() if path is None else path
    check_sha256(path, SHA256)
    cache = cache_folder() / "analognasbench.npz"
    kept = cached_rows(cache, SHA256)
    if kept is None:
        with path.open("rb") as file:
            kept = rows_of(allow_listed_load(file, _ALLOWED), path)
        cache_rows(cache, *kept, SHA256)
    keys, numbers = kept
    return Table(keys, COLUMNS, list(numbers), replace(FACTS, path=path))


def installed_file() -> Path:
    """Data file of the installed distribution, found without importing its code; TableError if not installed."""
    try:
        return Path(str(importlib.metadata.distribution(DISTRIBUTION).locate_file("analognasbench/data.anb")))
    except importlib.metadata.PackageNotFoundError:
        raise TableError(f"{DISTRIBUTION} is not installed: pip install {DISTRIBUTION}=={VERSION}") from None


def cell_string(digits: tuple[int, ...]) -> str:
    """NAS-Bench-201 string from six digits: the operations on the edges 1←0, 2←0, 3←0, 2←1, 3←1, 3←2.

    >>> cell_string((0, 0, 0, 4, 3, 2))
    '|skip_connect~0|+|skip_connect~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|'
    """
    e10, e20, e30, e21, e31, e32 = (OPERATIONS[digit] for digit in digits)
    return f"|{e10}~0|+|{e20}~0|{e21}~1|+|{e30}~0|{e31}~1|{e32}~2|"


def rows_of(records: object, path: Path) -> tuple[list[str], NDArray[np.float64]]:
    """R keys and numbers of shape [5, R] of the unpickled records; TableError unless all records are there."""
    every = set(itertools.product(range(len(OPERATIONS)), repeat=6))
    if not isinstance(records, Mapping) or set(records) != every:
        raise TableError(f"{path} does not hold one record for each of the {len(every):,} cells of NAS-Bench-201")
    for digits, record in records.items():
        if not isinstance(record, ArchitectureRecord) or vars(record).get("architecture") != digits:
            raise TableError(f"{path}: the record under {digits} is not that of this architecture")
    try:
        rows = [[vars(record)[field] for record in records.values()] for field, _ in _MEASURED.values()]
    except KeyError as error:
        raise TableError(f"{path}: a record has no field {error}") from None
    return [cell_string(digits) for digits in records], np.array(rows, dtype=np.float64)
