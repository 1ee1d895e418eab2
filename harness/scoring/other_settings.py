"""What else a store holds: the scores of the same architectures in other settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.scoring.seeds import begun_together
from harness.scoring.store import RunRecord, Store

if TYPE_CHECKING:
    import pandas as pd


def other_settings(path: Path, number: int | None = None) -> tuple[RunRecord, dict[str, pd.DataFrame]]:
    """A run of a store, and the scores of all its other settings in the same space.

    Args:
        path: of the store.
        number: of the run; by default the last one, with those of its other seeds.

    Returns:
        The record of the run, of several seeds that of the first; and by what is different in it, as `bn eval, seed 1`,
        the scores of each other setting, of its newest run where several have one.

    Raises:
        StoreError: a file that is no store.
    """
    import pandas as pd

    with Store(path, readonly=True) as store:
        runs = store.runs()
        together = begun_together(runs, number)
        shown, own = together[0], {run.setting_id for run in together}
        by_setting: dict[int, list[RunRecord]] = {}
        for run in reversed(runs):
            if run.setting_id not in own and run.space == shown.space:
                by_setting.setdefault(run.setting_id, []).append(run)
        frames = {}
        for same in by_setting.values():
            parts = [part for run in same if not (part := store.frame(run.number)).empty]
            if parts:
                frame = pd.concat(parts).drop_duplicates(["architecture", "proxy"], ignore_index=True)
                frames[_difference(shown, same[0])] = frame
    return shown, frames


def _difference(shown: RunRecord, other: RunRecord) -> str:
    """What is different in another setting."""
    theirs = other.setting.flat()
    parts = [f"{name} {theirs.get(name)}" for name in shown.setting.differs_in(other.setting)]
    if shown.torch != other.torch:
        parts.append(f"torch {other.torch}")
    return ", ".join(parts)
