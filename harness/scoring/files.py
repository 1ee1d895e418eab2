"""Scores from a file: a store, or a CSV file from any source."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import ScoresError, SpaceError
from harness.scoring.store import RunRecord, Store
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import described

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("architecture", "proxy", "score", "status", "seconds")
"""Columns of the CSV that `nasinit score --out` writes."""

_SQLITE = b"SQLite format 3\x00"


class Scores(NamedTuple):
    """Scores and their origin.

    Attributes:
        frame: one row for each proxy and architecture.
        origin: the file, and for a store the run with its setting.
        space: name of the architectures' space; None for a CSV file, which does not contain it.
        setting: the setting of all scores; None for a CSV file, which does not contain it.
    """

    frame: pd.DataFrame
    origin: str
    space: str | None = None
    setting: Setting | None = None


def read_scores(path: Path, run: int | None = None) -> Scores:
    """Scores of a store's run (the last one by default) or of a CSV file.

    Raises:
        ScoresError: if there is no such file, or it is neither a store nor a CSV file.
        StoreError: if the store cannot be read, or has no such run.
    """
    return _from_store(path, run) if is_store(path) else _from_csv(path, run)


def is_store(path: Path) -> bool:
    """Whether a file of scores is a store, by its first bytes.

    Raises:
        ScoresError: if there is no such file, or it cannot be read or is empty.
    """
    if not path.is_file():
        raise ScoresError(f"no scores at {path}: `nasinit score --sample 200` makes {Path('scores.sqlite')}")
    try:
        with path.open("rb") as file:
            beginning = file.read(len(_SQLITE))
    except OSError as error:
        raise ScoresError(f"cannot read {path}: {error.strerror}") from error
    if not beginning:
        raise ScoresError(f"{path} is empty: if there were scores in it, they are lost; use a copy of it")
    return beginning == _SQLITE


def _from_store(path: Path, run: int | None) -> Scores:
    with Store(path, readonly=True) as store:
        frame = store.frame(run)
        runs = store.runs()
    number = run or runs[-1].number
    record = next(record for record in runs if record.number == number)
    asked = len(record.scored_as) * len(record.proxies)
    partly = "" if len(frame) == asked else f"; {len(frame):,} of {asked:,} scores are finished"
    others = f" of {len(runs)}" if len(runs) > 1 else ""
    origin = f"{path}, run {number}{others} ({_described(record)}){partly}"
    return Scores(frame, origin, record.space, record.setting)


def _described(record: RunRecord) -> str:
    try:
        return described(open_space(record.space), record.setting)
    except SpaceError:  # a space that is not installed here
        return record.setting.describe()


def _from_csv(path: Path, run: int | None) -> Scores:
    import pandas as pd

    if run is not None:
        raise ScoresError(f"{path} is a CSV file and has no runs: leave --run out, or give a store")
    try:
        frame = pd.read_csv(path, float_precision="round_trip")
    except (ValueError, OSError) as error:
        raise ScoresError(f"{path} is neither a store nor a CSV of scores: {error}") from error
    except (EOFError, zlib.error) as error:
        raise ScoresError(f"{path} is cut or damaged ({error}): write it again with `nasinit score --out`") from error
    return Scores(frame, str(path))
