"""NAS-Bench-201's trainings of 12 epochs (Dong and Yang 2020): their seconds, and what their networks reach.

The seconds are those that the official release gives for half of CIFAR-10's training images (`cifar10-valid` there),
all epochs, without passes over validation images. For the cells 0, 11 and 284 they are equal to the release's own. The
release has one measurement a cell, the seconds of an epoch, and scales it by epochs and images for all its trainings.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.formats.csv_rows import read_published_csv
from benchmarks.readers import nasbench201
from benchmarks.table import Column, Facts, Table

KEY = "arch"
"""Column of the architectures in the source."""

_ACCURACY = next(column for column in nasbench201.COLUMNS if column.name == "cifar10_valid_12ep_pct")
_SEEDS = "mean over the available seeds"
COLUMNS = (
    replace(nasbench201.EXTRAS["index"], origin="index"),
    replace(_ACCURACY, origin="valacc_hp12"),
    Column(
        "cifar10half_12ep_train_s",
        "cifar10half",
        "train",
        12,
        "s",
        _SEEDS,
        "seconds in all: training on half of CIFAR-10 for 12 epochs, as the authors give it",
        higher_is_better=False,
        origin="cost_seconds",
    ),
)
FACTS = Facts(
    name="nasbench201-seconds",
    space="nasbench201",
    title="NAS-Bench-201, accuracy and seconds of every cell's training for 12 epochs on half of CIFAR-10",
    source=(
        "Dong and Yang 2020, arXiv 2001.00326, as in the data of RoBoT (He et al., ICLR 2024), github.com/hzf1174/RoBoT"
    ),
    licence="Apache-2.0 (hzf1174/RoBoT)",
    path=None,
    sha256=None,
    rows=nasbench201.CELLS,
    note=(
        "Limits: the seconds are of a GTX 1080Ti, without those of passes over validation images. The release has one "
        "measurement a cell, of an epoch, which it scales by epochs and images for all its data sets. For the cells 0, "
        "11 and 284 the seconds are the release's own; the accuracies are those of the official table for all cells."
    ),
    splits="valid of CIFAR-10, and seconds of the training on half of its training images",
    epochs="12",
    seeds=_SEEDS,
)


def read_training_seconds(path: Path) -> Table:
    """Table of the accuracy and the seconds of the trainings, as far as the file has them.

    Raises:
        TableError: where `read_published_csv` does.

    """
    return read_published_csv(path, COLUMNS, FACTS, key=KEY)
