"""TransNAS-Bench-101 (Duan et al. 2021), the micro space: 4,096 cells, each trained on seven tasks of one data set.

The numbers are those of NASGraph's copy. Its validation accuracies on scenes are equal to those that NASLib has after
the last epoch in 1,586 of 2,128 cells and higher in the others, so they are taken to be the best of any epoch.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from benchmarks.formats.csv_rows import read_published_csv
from benchmarks.table import Column, Facts, Table

KEY = "net"
"""Column of the architectures in the source: six digits, one for each edge, as a tuple."""
CELLS = 4_096

_DIGITS = re.compile(r"\((\d), (\d), (\d), (\d), (\d), (\d)\)", re.ASCII)
_SEEDS = "one training"


class _Task(NamedTuple):
    """One task: how long its networks are trained, and what is measured, by its name in a column and in the source."""

    epochs: int
    measured: str
    origin: str
    words: str


TASKS = {
    "class_scene": _Task(25, "pct", "top1", "accuracy among 47 scenes"),
    "class_object": _Task(25, "pct", "top1", "accuracy among 75 objects"),
    "jigsaw": _Task(10, "pct", "top1", "accuracy among 1,000 permutations of nine tiles"),
    "normal": _Task(30, "ssim_ratio", "ssim", "structural similarity of surface normals"),
    "autoencoder": _Task(30, "ssim_ratio", "ssim", "structural similarity of the image made again"),
    "segmentsemantic": _Task(30, "miou_pct", "mIoU", "mean intersection over union of 17 classes"),
    "room_layout": _Task(25, "neg_loss_ratio", "neg_loss", "negative mean squared error of the room's nine numbers"),
}
"""The seven tasks by the authors' names."""
_SPLITS = {"valid": "validation", "test": "test"}


def column_name(task: str, split: str = "test") -> str:
    """The column of a task and a split.

    >>> column_name("class_scene"), column_name("normal", "valid")
    ('class_scene_test_25ep_best_pct', 'normal_valid_30ep_best_ssim_ratio')
    """
    return f"{task}_{split}_{TASKS[task].epochs}ep_best_{TASKS[task].measured}"


COLUMNS = (
    Column(
        "file_index", None, None, None, "index", "none: a number",
        "number of the architecture in the source, where the macro networks have 0 to 3,255", origin="file_id",
    ),
    *(
        Column(
            column_name(task, split), task, split, facts.epochs, facts.measured.rpartition("_")[2], _SEEDS,
            f"{task}: {_SPLITS[split]} {facts.words}, best of any epoch", origin=f"{task}.{split}_{facts.origin}",
        )
        for task, facts in TASKS.items()
        for split in _SPLITS
    ),
)  # fmt: skip
FACTS = Facts(
    name="transnasbench101-micro",
    space="transnas-micro",
    title="TransNAS-Bench-101, the micro space: all 4,096 cells, each trained on seven tasks",
    source=(
        "Duan et al. 2021, CVPR, arXiv 2105.11871, github.com/yawen-d/TransNASBench; as in the data of NASGraph "
        "(2405.01306), github.com/Zhenhan-Huang/NASGraph-Public"
    ),
    licence="Apache-2.0 (Zhenhan-Huang/NASGraph-Public)",
    path=None,
    sha256=None,
    rows=CELLS,
    note=(
        "Limits: one training for each cell and task; presumably the best of any epoch, also of the test split, so the "
        "figures are optimistic. The order of a key's digits is derived: parameters and validation accuracies agree by "
        "it with NAS-Bench-Suite-Zero's on all 2,128 cells that it has (Spearman 1.00 and 0.998). Cells that are one "
        "network were trained each by itself, and differ by the noise of training."
    ),
    splits="valid and test of seven tasks",
    epochs="10, 25 or 30 by task, the best",
    seeds=_SEEDS,
)


def read_transnasbench(path: Path) -> Table:
    """Table of the seven tasks, as far as the file has them, with keys such as `1_02_333`.

    Raises:
        TableError: where `read_published_csv` does.

    """
    return read_published_csv(path, COLUMNS, FACTS, key=KEY, key_of=_key)


def _key(text: str) -> str:
    return _DIGITS.sub(r"\1_\2\3_\4\5\6", text)
