"""Stores with a few rows in them, and all that a store says, bit for bit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import harness
from harness.proxies import Proxy
from harness.scoring.scorer import OK, Score
from harness.setting import Setting

CELLS = ("cell one", "cell two", "cell three")
VERSION_1 = Path(__file__).with_name("version_1.sqlite")
"""A store as the last release wrote it that knew version 1 only: six runs, three settings, two spaces."""


def fill(path: Path, proxies: list[Proxy], cells: tuple[str, ...] = CELLS, setting: Setting | None = None) -> int:
    """A run in which each cell has the score of its place by every proxy."""
    with harness.Store(path) as store:
        setting_id = store.setting_id("nasbench201", setting or Setting(), "2.6.0")
        store.begin_run(setting_id, proxies, {cell: cell for cell in cells})
        for place, cell in enumerate(cells):
            store.write(setting_id, [(cell, proxy, Score(float(place), OK, "", 0.5)) for proxy in proxies])
    return setting_id


def copy_of_version_1(folder: Path) -> Path:
    return Path(shutil.copyfile(VERSION_1, folder / "scores.sqlite"))


def content(path: Path) -> list[Any]:
    """Runs and their frames as a reader gets them, floats in full."""
    with harness.Store(path, readonly=True) as store:
        runs = store.runs()
        return [runs, *(frame_bits(store.frame(run.number)) for run in runs)]


def frame_bits(frame: Any) -> list[tuple[Any, ...]]:
    """Rows of a frame, floats in full."""
    return [
        tuple(value.hex() if isinstance(value, float) else value for value in row)
        for row in frame.itertuples(index=False)
    ]
