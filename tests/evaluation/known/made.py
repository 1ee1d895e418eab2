"""A table of known scores of a few proxies on the first cells of the random order, and the scores in it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd

import harness
from harness.evaluation.known.building import build_known_table
from harness.evaluation.known.cells import random_order
from harness.proxies.registry import resolve
from harness.scoring.scorer import NOT_APPLICABLE, OK, Score
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import completed

SPACE = open_space("nasbench201")
NAMES = ("zen", "nwot", "synflow", "params")
CELLS = random_order("nasbench201")
FINISHED = 40
FAILED = 7
"""The place of a cell without a score by `zen`."""


def scored_as(key: str) -> str:
    return str(SPACE.minimal(SPACE.parse(key)))


def score_of(name: str, key: str) -> float:
    """A number that follows from the network alone."""
    network = scored_as(key)
    return float(np.random.default_rng(abs(hash_of(name + network))).normal())


def hash_of(text: str) -> int:
    import zlib

    return zlib.crc32(text.encode())


def store(path: Path, finished: int = FINISHED, seed: int = 0) -> Path:
    """A run of all cells, of which the first are finished, and one far behind them."""
    proxies = resolve(list(NAMES))
    setting = completed(SPACE, Setting(seed=seed))
    with harness.Store(path) as opened:
        number = opened.setting_id("nasbench201", setting, "2.6.0")
        opened.begin_run(number, proxies, {key: scored_as(key) for key in CELLS})
        for place, key in enumerate([*CELLS[:finished], CELLS[finished + 50]]):
            rows = []
            for proxy in proxies:
                failed = proxy.name == "zen" and place == FAILED
                score = Score(math.nan, NOT_APPLICABLE, "no features", 0.1) if failed else Score(
                    score_of(proxy.name, key), OK, "", 0.1)  # fmt: skip
                rows.append((key if proxy.reads_size else scored_as(key), proxy, score))
            opened.write(number, rows, machine="a machine")
    return path


def table(folder: Path, finished: int = FINISHED) -> Path:
    build_known_table(store(folder / "all.sqlite", finished), folder / "known.parquet")
    return folder / "known.parquet"


def accuracies(keys: list[str]) -> pd.Series:
    """Test accuracies that follow the scores of `nwot`, loosely."""
    generator = np.random.default_rng(1)
    return pd.Series([50 + 10 * score_of("nwot", key) + generator.normal() for key in keys], index=keys).clip(0, 100)
