"""Cells of NAS-Bench-201, and frames of their scores in one setting."""

import pandas as pd

from harness.spaces import open_space

SPACE = open_space("nasbench201")
KEYS = [SPACE.key(cell) for cell in SPACE.sample(25, seed=4)]


def frame_of(**scores):
    rows = [pd.DataFrame({"architecture": KEYS, "proxy": name, "score": row}) for name, row in scores.items()]
    return pd.concat(rows, ignore_index=True)
