"""A run of a store as a table that leaves nothing out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.scoring.provenance import PROVENANCE
from harness.scoring.seeds import SEED, run_with_seeds
from harness.scoring.store import Store

if TYPE_CHECKING:
    import pandas as pd

ROW, MACHINE = "scored_as", "machine"
"""Columns: the key of the row that a score is taken from, and the machine that made it, empty where it is not known."""


def exported(path: Path, number: int | None = None) -> pd.DataFrame:
    """The scores of a run with those of its other seeds, as `import_scores` takes them.

    Args:
        path: of the store.
        number: of the run; by default the last one.

    Returns:
        The columns of `Store.frame`, with `seed` for several seeds, `scored_as` and `machine`; `attrs["provenance"]`
        says what made them.

    Raises:
        StoreError: a file that is no store, is damaged, or has no such run.
    """
    with Store(path, readonly=True) as store:
        records, frame = run_with_seeds(store, number)
        by_seed = {record.setting.seed: record for record in records}
        seeds = frame[SEED] if SEED in frame else [records[0].setting.seed] * len(frame)
        cells = list(zip(frame["architecture"], frame["proxy"], map(by_seed.__getitem__, seeds), strict=True))
        rows = [cell if proxy in one.size_proxies else one.scored_as[cell] for cell, proxy, one in cells]
        by_setting: dict[int, dict[str, None]] = {}
        for row, (_, _, one) in zip(rows, cells, strict=True):
            by_setting.setdefault(one.setting_id, {})[row] = None
        with store.reading() as contents:
            machines = {number: contents.origins.of(number, keys) for number, keys in by_setting.items()}
        frame[ROW] = rows
        frame[MACHINE] = [
            machines[one.setting_id][row].get((proxy, one.proxies[proxy]), "")
            for row, (_, proxy, one) in zip(rows, cells, strict=True)
        ]
    sizes = sorted(records[0].size_proxies)
    started = records[0].started
    frame.attrs[PROVENANCE] = {**frame.attrs[PROVENANCE], "size_proxies": sizes, "started": started}
    return frame
