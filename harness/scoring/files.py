"""Scores from a file: a store, or a CSV file from any source."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import HarnessError, ScoresError, SpaceError, unknown
from harness.scoring.provenance import PROVENANCE, described_by, known_provenance
from harness.scoring.seeds import run_with_seeds, seeds_named
from harness.scoring.store import Store
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import described
from harness.text.foreign import BEGINNING, from_spreadsheet, kind_of, unpacked
from harness.text.shown import cut, plain

if TYPE_CHECKING:
    import pandas as pd

LOG = logging.getLogger(__name__)

COLUMNS = ("architecture", "proxy", "score", "status", "seconds")
"""Columns of the CSVs of studies; that of `nasinit score --out` has all of a frame."""

_TEXTS = ("architecture", "proxy", "status", "message")
_MISSING = ("", "nan", "NaN", "NAN", "NA", "<NA>", "N/A", "n/a", "null", "NULL", "None", "#N/A")

_SQLITE = b"SQLite format 3\x00"


class Scores(NamedTuple):
    """Scores and their origin.

    Attributes:
        frame: one row for each proxy and architecture.
        origin: the file, and for a store the run with its setting.
        space: name of the architectures' space; None for a CSV file without a file that describes it.
        setting: the setting of all scores, of several seeds that of the first; None for a CSV file without a file that
            describes it.
    """

    frame: pd.DataFrame
    origin: str
    space: str | None = None
    setting: Setting | None = None


def read_scores(path: str | os.PathLike[str], run: int | None = None) -> Scores:
    """Scores of a store's run (the last one by default, with those of its other seeds) or of a CSV file.

    Raises:
        ScoresError: if there is no such file, or it is neither a store nor a CSV file.
        StoreError: if the store cannot be read, or has no such run.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ScoresError(f"scores are read from a store or a CSV file, by its path; got {type(path).__name__}")
    path = Path(path)
    found = _from_store(path, run) if is_store(path) else _from_csv(path, run)
    LOG.debug("%s", _counted(path, found.frame))
    return found


def _counted(path: Path, frame: pd.DataFrame) -> str:
    """How many rows of scores were read, and with which status."""
    words = {"architecture": "architectures", "proxy": "proxies"}
    of = [f"{frame[name].nunique():,} {many}" for name, many in words.items() if name in frame]
    counts = frame["status"].value_counts().to_dict() if "status" in frame else {}
    states = ", ".join(f"{count:,} {status}" for status, count in counts.items())
    return f"read {len(frame):,} rows of {' by '.join(of)} from {path}: {states or 'without a status'}"


def is_store(path: Path) -> bool:
    """Whether a file of scores is a store, by its first bytes.

    Raises:
        ScoresError: if there is no such file, or it cannot be read or is empty.
    """
    try:
        if not os.path.isfile(path):
            raise ScoresError(
                f"no scores at {plain(str(path), 300)}: `nasinit score --sample 200` makes {Path('scores.sqlite')}"
            )
        with path.open("rb") as file:
            beginning = file.read(len(_SQLITE))
    except OSError as error:
        raise ScoresError(f"cannot read {path}: {error.strerror}") from error
    if not beginning:
        raise ScoresError(f"{path} is empty: if there were scores in it, they are lost; use a copy of it")
    return beginning == _SQLITE


def _from_store(path: Path, run: int | None) -> Scores:
    with Store(path, readonly=True) as store:
        records, frame = run_with_seeds(store, run)
        runs = store.runs()
    record = records[0]
    asked = sum(len(one.scored_as) * len(one.proxies) for one in records)
    partly = "" if len(frame) == asked else f"; {len(frame):,} of {asked:,} scores are finished"
    others = f" of {len(runs)}" if len(runs) > len(records) else ""
    which = f"run{'s' if len(records) > 1 else ''} {', '.join(str(one.number) for one in records)}"
    setting = in_words(record.space, [one.setting for one in records])
    return Scores(frame, f"{path}, {which}{others} ({setting}){partly}", record.space, record.setting)


def in_words(space: str, settings: Sequence[Setting]) -> str:
    """Settings that differ in the seed alone in words, as far as their space is installed here."""
    first = settings[0]
    try:
        said = described(open_space(space), first)
    except SpaceError:
        said = first.describe()
    return seeds_named(said, first.seed, [setting.seed for setting in settings]) if len(settings) > 1 else said


def _from_csv(path: Path, run: int | None) -> Scores:
    import pandas as pd

    if run is not None:
        raise ScoresError(f"{path} is a CSV file and has no runs: leave --run out, or give a store")
    try:
        content, names = _checked_beginning(path)
        frame = pd.read_csv(
            path if content is None else io.BytesIO(content),
            float_precision="round_trip",
            dtype={name: str for name in names if name in _TEXTS},
            keep_default_na=False,  # a proxy may be called NA
            na_values={name: [""] if name in _TEXTS else [*_MISSING] for name in names},
        )
    except (EOFError, zlib.error) as error:
        raise ScoresError(f"{path} is cut or damaged ({error}): write it again with `nasinit score --out`") from error
    except (ValueError, OSError) as error:
        why = " ".join(str(error).split())
        raise ScoresError(f"{path} is neither a store nor a CSV of scores: {cut(why, 200)}") from error
    frame = frame.rename(columns={name: from_spreadsheet(str(name)) for name in frame.columns})
    for name in frame.select_dtypes(object):
        frame[name] = frame[name].map(lambda cell: from_spreadsheet(cell) if isinstance(cell, str) else cell)
    return _with_provenance(frame, path)


def read_parquet(path: Path) -> Scores:
    """Scores of a Parquet file, as `nasinit store export` writes it.

    Raises:
        ScoresError: if there is no such file, or it is no Parquet file of scores.
    """
    import pandas as pd

    if not path.is_file():
        raise ScoresError(f"no scores at {plain(str(path), 300)}")
    try:
        frame = pd.read_parquet(path)
    except (ValueError, OSError, KeyError) as error:
        why = " ".join(str(error).split())
        raise ScoresError(f"{path} is no Parquet file of scores, or damaged: {cut(why, 200)}") from error
    if COLUMNS[0] not in frame:
        raise ScoresError(f"{path}: {unknown('column of the scores: wanted', COLUMNS[0], map(str, frame.columns))}")
    return _with_provenance(frame, path)


def _with_provenance(frame: pd.DataFrame, path: Path) -> Scores:
    """The scores of a CSV file, with what the file next to it says of them."""
    provenance, why_not = known_provenance(path)
    frame.attrs[PROVENANCE] = provenance or {"not_known": why_not}
    if not provenance:
        return Scores(frame, f"{path} (setting not known: {why_not})")
    try:
        space = str(provenance["space"])
        settings = [Setting.from_json(json.dumps(values)) for values in provenance["settings"]]
        first = settings[0]
    except (HarnessError, ValueError, KeyError, TypeError, IndexError):
        return Scores(frame, f"{path} (setting not known: {described_by(path).name} states none)")
    frame.attrs.update(setting=first.json(), space=space)
    return Scores(frame, f"{path} ({in_words(space, settings)})", space, first)


def _checked_beginning(path: Path) -> tuple[bytes | None, list[str]]:
    """Content of a gzip file, None for another, and the header; what is no CSV of scores is refused, at any size.

    Raises:
        ScoresError: a file of another kind, or a header without architectures, with the nearest name.
        OSError, EOFError, ValueError, zlib.error: a file that cannot be read or unpacked.
    """
    content = unpacked(path.read_bytes()) if path.suffix == ".gz" else None
    if content is None:
        with path.open("rb") as file:
            beginning = file.read(BEGINNING)
    else:
        beginning = content[:BEGINNING]
    if kind := kind_of(beginning):
        raise ValueError(f"it looks like {kind}")
    header = beginning.decode("utf-8-sig", errors="replace").lstrip("\r\n").splitlines()[:1]
    names = next(csv.reader(header), [])
    if names and COLUMNS[0] not in names:  # the others are asked for when the scores are used
        raise ScoresError(f"{path}: {unknown('column of the scores: wanted', COLUMNS[0], names)}")
    return content, names
