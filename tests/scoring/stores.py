"""Stores with a few rows in them."""

from __future__ import annotations

from pathlib import Path

import harness
from harness.proxies import Proxy
from harness.scoring.scorer import OK, Score
from harness.setting import Setting

CELLS = ("cell one", "cell two", "cell three")


def fill(path: Path, proxies: list[Proxy], cells: tuple[str, ...] = CELLS, setting: Setting | None = None) -> int:
    """A run in which each cell has the score of its place by every proxy."""
    with harness.Store(path) as store:
        setting_id = store.setting_id("nasbench201", setting or Setting(), "2.6.0")
        store.begin_run(setting_id, proxies, {cell: cell for cell in cells})
        for place, cell in enumerate(cells):
            store.write(setting_id, [(cell, proxy, Score(float(place), OK, "", 0.5)) for proxy in proxies])
    return setting_id
