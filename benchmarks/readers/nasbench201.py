"""NAS-Bench-201 (Dong and Yang 2020), the official results, from one CSV file (gzip or plain).

The file has one row per architecture. Column names have the form dataset_split_epochs_unit[_seedN], for instance
`cifar10_test_200ep_pct` and `cifar10_test_200ep_pct_seed0`; the only other known columns are those in `EXTRAS`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.errors import TableError, unknown
from benchmarks.formats.csv_rows import read_rows
from benchmarks.keys import KEY, space_of_keys
from benchmarks.table import Column, Facts, Table

CELLS = 15_625
EXTRACT_NAME = "nasbench201-pulled"
"""Name of the table that `benchmarks.pull.nasbench201` makes from a third party's extract."""

_GRAPH = "lowest index among the cells that are the same graph"
_SEEDS = "number of trainings in the mean"
EXTRAS = {
    "index": Column("index", None, None, None, "index", "none", "position in the official order"),
    "isomorph_index": Column("isomorph_index", None, None, None, "index", "none", _GRAPH),
    "cifar10_test_200ep_seeds": Column("cifar10_test_200ep_seeds", "cifar10", "test", 200, "seeds", "counted", _SEEDS),
}
FACTS = Facts(
    name="nasbench201-official",
    space="nasbench201",
    title="NAS-Bench-201, the official results",
    source="Dong and Yang 2020, arXiv 2001.00326, github.com/D-X-Y/NATS-Bench; isomorph_index from Jung et al. 2023",
    licence="MIT (D-X-Y/NATS-Bench)",
    path=None,
    sha256=None,
    rows=CELLS,
    note=(
        "Limits: without _seedN in its name, a column is the mean over the available seeds (1 to 3 a cell after 200 "
        "epochs). The networks behind cifar10_valid saw half of the training images, those behind cifar10_test all of "
        "them. The file is taken at its word: its SHA-256 is reported, not compared with a known one."
    ),
    splits="valid and test of CIFAR-10, CIFAR-100 and ImageNet16-120",
    epochs="200, and 12 (trainings of their own)",
    seeds="mean of the 1 to 3 seeds a cell has after 200 epochs (7,961 cells have 3, 5,439 have 2, 2,225 have 1)",
)

_COLUMN = re.compile(
    r"(?P<dataset>[a-z][a-z0-9]*(_[a-z0-9]+)*)_(?P<split>train|valid|test)_(?P<epochs>[1-9][0-9]*)ep_pct"
    r"(_seed(?P<seed>[0-9]+))?"
)


def read_nasbench201(path: Path) -> Table:
    """Table of a file in this form, with rows in its order; a column `index` must be ascending.

    Raises:
        TableError: for a file that is missing, truncated or not gzip; a missing, unknown or repeated column; a row of
            another length, a key without the form of a cell, text, NaN, or a percentage outside 0 to 100; the message
            names the file, the row (from 0, below the header) and the column.

    """
    rows = read_rows(path)
    columns = [column_of(name, path) for name in rows.others([KEY])]
    keys = rows.column(KEY)
    if not any(column.unit == "pct" for column in columns):
        has = ", ".join(rows.cells)
        raise TableError(f"{path}: no accuracy column (such as cifar10_test_200ep_pct); it has: {has}")
    space_of_keys(path, KEY, keys, FACTS.space)
    facts = replace(FACTS, path=path, sha256=rows.sha256, rows=len(rows))
    table = Table(keys, columns, [rows.numbers(column.name) for column in columns], facts)
    if "index" in table.column_names and (falling := np.diff(table.values(keys, "index")) <= 0).any():
        raise TableError(f"{path}: row {int(np.argmax(falling)) + 1}, column 'index': not above the row before it")
    return table


def column_of(name: str, path: Path) -> Column:
    """Description of a column by its name; TableError for a name of another form."""
    if name in EXTRAS:
        return EXTRAS[name]
    match = _COLUMN.fullmatch(name)
    if match is None:
        raise TableError(
            f"{path}: {unknown('column', name, [KEY, *EXTRAS])}, and names such as cifar10_test_200ep_pct or "
            "cifar10_test_200ep_pct_seed0: dataset_split_epochs_pct[_seedN]. Rename it or take it out"
        )
    dataset, split, epochs, seed = match["dataset"], match["split"], int(match["epochs"]), match["seed"]
    seeds = "mean over the available seeds" if seed is None else f"seed {seed} of those there are"
    text = f"{dataset} {split} accuracy after {epochs} epochs, {seeds}"
    return Column(name, dataset, split, epochs, "pct", seeds, text, seed is not None)


COLUMNS = tuple(
    column_of(name, Path(FACTS.name))
    for name in (
        *(
            f"{dataset}_{split}_{epochs}ep_pct"
            for dataset in ("cifar10", "cifar100", "imagenet16_120")
            for epochs in (200, 12)
            for split in ("valid", "test")
        ),
        *(f"cifar10_test_200ep_pct_seed{seed}" for seed in range(3)),
        *EXTRAS,
    )
)
"""Columns for which the release has numbers."""
