"""Cells of NAS-Bench-201 whose accuracies follow their sizes, and tables of what a test says of them."""

import numpy as np
import pandas as pd

from benchmarks import Column, Facts, Table
from harness.spaces import open_space

SPACE = open_space("nasbench201")
CELLS = SPACE.sample(60, seed=3)
KEYS = [SPACE.key(cell) for cell in CELLS]
PARAMS = np.array([SPACE.sizes(cell).parameters for cell in CELLS], dtype=float)
FLOPS = np.array([SPACE.sizes(cell).macs for cell in CELLS], dtype=float)
ACCURACY = "cifar10_test_200ep_pct"
LATENCY = "board_latency_ms"


def table_of(name="made", **columns):
    kinds = {name: ("ms", False) if name == LATENCY else ("pct", True) for name in columns}
    listed = [
        Column(name, "cifar10", "test", 200, unit, "mean", "made here", may_be_missing=True, higher_is_better=higher)
        for name, (unit, higher) in kinds.items()
    ]
    facts = Facts(name, "nasbench201", "A table of this test", "nowhere", "none", None, None, None, "No limits.")
    return Table(KEYS, listed, list(columns.values()), facts)


def frame_of(scores):
    return pd.concat(
        [pd.DataFrame({"architecture": KEYS, "proxy": name, "score": row}) for name, row in scores.items()]
    )
