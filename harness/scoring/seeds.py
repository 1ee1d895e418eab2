"""Scores under several seeds: which seeds are asked for, the runs that were begun together, and their common frame."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from harness.errors import SettingError, check_whole
from harness.scoring.provenance import PROVENANCE
from harness.scoring.store import RunRecord, Store
from harness.scoring.store.records import of_several_seeds
from harness.setting import Setting
from harness.text.shown import shown

if TYPE_CHECKING:
    import pandas as pd

SEED = "seed"
"""Column of a frame of scores that names the seed of a row."""
_AFTER = "proxy"


def checked_seeds(seeds: Iterable[int]) -> tuple[int, ...]:
    """The seeds as whole numbers, each once, in the given order.

    Raises:
        SettingError: for no seeds, or one that is no whole number from 0.
    """
    asked: object = seeds
    if isinstance(asked, str) or not isinstance(asked, Iterable):
        raise SettingError(f"seeds must be whole numbers, such as range(5), got {shown(seeds)}")
    found: dict[int, None] = {}
    for given in seeds:
        seed: Any = given
        with suppress(TypeError):
            seed = given if isinstance(given, bool) else operator.index(given)  # also the whole numbers of NumPy
        check_whole("seed", seed, 0, SettingError)
        found[seed] = None
    if not found:
        raise SettingError("no seeds given: seeds are whole numbers, such as range(5)")
    return tuple(found)


def with_seeds(setting: Setting, seeds: Iterable[int], changes: Mapping[str, object]) -> list[Setting]:
    """A setting under each of some seeds.

    Args:
        setting: the setting, whose own seed is replaced.
        seeds: whole numbers.
        changes: what the user changes in the setting by name, which may not be the seed.

    Raises:
        SettingError: what `checked_seeds` refuses, or a seed among the changes.
    """
    if "seed" in changes:
        raise SettingError("give seed for one seed or seeds for several, not both")
    return [replace(setting, seed=seed) for seed in checked_seeds(seeds)]


def common_start() -> str:
    """The time at which the runs of several seeds are begun, by which `begun_together` knows them."""
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")


def begun_together(runs: Sequence[RunRecord], number: int | None = None) -> list[RunRecord]:
    """The last run with those that were begun together with it, one for each seed; or the run of a number alone.

    Args:
        runs: all runs of a store, the oldest first.
        number: number of a run; by default the last one is taken.
    """
    if number is not None:
        return [run for run in runs if run.number == number]
    last = runs[-1]
    if not of_several_seeds(last.started):
        return [last]
    return [run for run in runs if run.started == last.started]


def seeds_named(said: str, seed: int, seeds: Sequence[int]) -> str:
    """A setting in words with the seeds of `--seeds` or of several runs in the place of its own.

    Args:
        said: the setting in words.
        seed: the seed that is in it.
        seeds: the seeds to name.

    >>> seeds_named("width 16, seed 0", 0, [0, 5])
    'width 16, seeds 0, 5'
    """
    return said.replace(f"seed {seed}", f"seeds {', '.join(map(str, seeds))}")


def run_with_seeds(store: Store, number: int | None = None) -> tuple[list[RunRecord], pd.DataFrame]:
    """A run with those of its other seeds, and their scores as one frame; with the column `seed` for several.

    Args:
        store: the store of the runs.
        number: number of a run, which is then taken alone; by default the last one.

    Raises:
        StoreError: if there is no run, or none of that number.
    """
    runs = store.runs()
    records = begun_together(runs, number) if runs else []
    if len(records) < 2:
        return records, store.frame(number)  # which says whether there is such a run
    return records, frame_over_seeds(store, [one.number for one in records], [one.setting.seed for one in records])


def frame_over_seeds(store: Store, numbers: Sequence[int], seeds: Sequence[int]) -> pd.DataFrame:
    """The frames of several runs as one, with the column `seed`.

    Args:
        store: the store of the runs.
        numbers: number of each run.
        seeds: seed of each run.

    Returns:
        The rows of `Store.frame`, seed by seed; its `attrs` are those of the first run.
    """
    import pandas as pd

    frames = [store.frame(number) for number in numbers]
    filled = [frame for frame in frames if not frame.empty] or frames[:1]
    together = pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0].copy()
    settings = [setting for frame in frames for setting in frame.attrs[PROVENANCE]["settings"]]
    together.attrs = {**frames[0].attrs, PROVENANCE: {**frames[0].attrs[PROVENANCE], "settings": settings}}
    of_rows = [seed for seed, frame in zip(seeds, frames, strict=True) for _ in range(len(frame))]
    together.insert(list(together.columns).index(_AFTER) + 1, SEED, pd.Series(of_rows, dtype="int64"))
    return together
