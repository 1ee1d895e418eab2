"""Tables of NAS-Bench-201 with the values of a test."""

from __future__ import annotations

import re

import numpy as np

from benchmarks import Column, Facts, Table
from harness.spaces import open_space

SPACE = open_space("nasbench201")
KEYS = [str(cell) for cell in SPACE]
FACTS = Facts("made", "nasbench201", "A table of this test", "nowhere", "none", None, None, None, "No limits.")


def accuracy(name: str, *, may_be_missing: bool = False) -> Column:
    match = re.match(r"(.+)_(valid|test)_([0-9]+)ep_pct", name)
    assert match is not None
    dataset, split, epochs = match[1], match[2], int(match[3])
    return Column(name, dataset, split, epochs, "pct", "mean", "made here", may_be_missing)


def seconds_column(name: str) -> Column:
    return Column(name, name.split("_")[0], "train", 12, "s", "mean", "made here", True, False)


def made_table(columns: dict[str, np.ndarray], *, keys: list[str] = KEYS) -> Table:
    described = [
        seconds_column(name) if name.endswith("_s") else accuracy(name, may_be_missing=bool(np.isnan(values).any()))
        for name, values in columns.items()
    ]
    return Table(keys, described, list(columns.values()), FACTS)
