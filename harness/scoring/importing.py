"""Scores of a CSV or Parquet file into a store, with all that the store has to know of them, or not at all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ScoresError
from harness.proxies.registry import list_proxies, resolve
from harness.scoring.exporting import MACHINE, ROW
from harness.scoring.files import COLUMNS, Scores, read_parquet, read_scores
from harness.scoring.provenance import PROVENANCE
from harness.scoring.row_keys import parsed, row_keys
from harness.scoring.scorer import OK, STATUSES, Score
from harness.scoring.seeds import SEED, common_start
from harness.scoring.store import Store
from harness.scoring.store.format import run_checksum
from harness.scoring.store.merging import Merged, merge_stores
from harness.scoring.store.records import as_columns
from harness.scoring.store.rows import RunRow
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import changed
from harness.spaces.user_code import UserCodeSpace
from harness.text.shown import shown
from harness.writing import temporary_folder

if TYPE_CHECKING:
    import pandas as pd

PARQUET = ".parquet"
MINIMAL, OWN = "minimal", "own"
"""Which architecture was scored: the smallest that is the same network, or each itself."""


@dataclass(frozen=True)
class Stated:
    """What a user states of scores in a file that does not say it.

    Attributes:
        space: name of the space.
        values: values of the setting by name, as texts; those of the space for all others.
        torch: version of torch.
        versions: version of each proxy.
        scored_as: `minimal` or `own`, where the file has no such column; None where both are the same.
    """

    space: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    torch: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    scored_as: str | None = None


def import_scores(path: Path, into: Path, stated: Stated) -> Merged:
    """Put the scores of a CSV or Parquet file into a store, as one run for each seed.

    They are merged as those of a store are: importing twice changes nothing, and scores that contradict those in the
    store are refused.

    Args:
        path: a file of `nasinit store export` or `nasinit score --out`, or of another origin.
        into: the store; made if it is not there.
        stated: what the file does not say.

    Returns:
        What has come into the store.

    Raises:
        ScoresError: a file that is no table of scores, or does not say all that a store has to know; named.
        SettingError, SpaceError: a setting or architectures that the space does not have.
        ProxyError: an unknown proxy, where it must be known which architecture its scores stand under.
        StoreError: what `merge_stores` refuses.
    """
    read = read_parquet(path) if path.suffix.lower() == PARQUET else read_scores(path)
    if lacking := [name for name in COLUMNS if name not in read.frame]:
        raise ScoresError(f"{path} has no column {', '.join(lacking)}: a store has {', '.join(COLUMNS)} of every score")
    if read.frame.empty:
        raise ScoresError(f"{path} has no scores in it")
    known = _known(path, read, stated)
    rows = _rows(path, read.frame, known)
    with temporary_folder() as folder:
        made = folder / "import.sqlite"
        _write(made, known, rows)
        (merged,) = merge_stores([made], into)
    return merged._replace(path=path)


@dataclass(frozen=True)
class _Known:
    """All that a store has to know of scores.

    Attributes:
        space: name of the space.
        settings: one for each seed.
        torch: version of torch.
        versions: version of each proxy.
        size_proxies: proxies whose rows stand under the architecture's own key.
        scored_as: key of each architecture to the key of all other rows.
        keys: key of each architecture, by its text in the file.
        started: UTC time of the run.
    """

    space: str
    settings: Sequence[Setting]
    torch: str
    versions: Mapping[str, str]
    size_proxies: frozenset[str]
    scored_as: Mapping[str, str]
    keys: Mapping[str, str]
    started: str


def _known(path: Path, read: Scores, stated: Stated) -> _Known:
    """What the file says, or else the user."""
    frame = read.frame
    provenance: dict[str, Any] = frame.attrs.get(PROVENANCE, {})
    for name in ("architecture", "proxy"):
        if not frame[name].map(lambda text: isinstance(text, str) and text != "").all():
            raise ScoresError(f"{path} has a row without its {name}")
    space = _agreed(path, "space", read.space, stated.space)
    torch = _agreed(path, "torch", provenance.get("torch"), stated.torch)
    proxies = list(dict.fromkeys(frame["proxy"]))
    in_file: Mapping[str, str] = provenance.get("proxies", {})
    for name in stated.versions:
        _agreed(path, f"proxy-version {name}", in_file.get(name), stated.versions[name])
    versions = {**stated.versions, **in_file}
    if unversioned := [name for name in proxies if name not in versions]:
        raise ScoresError(
            f"{path} does not say which version of {', '.join(unversioned)} it is: give --proxy-version "
            f"{unversioned[0]}=1, if it is 1"
        )
    settings = _settings(path, read, space, stated)
    scored_as, sizes, keys = _row_keys(path, frame, space, stated.scored_as)
    several = common_start() if len(settings) > 1 else datetime.now(timezone.utc).isoformat(timespec="seconds")
    asked = [name for name in versions if name in proxies]
    return _Known(
        space, settings, torch, {name: str(versions[name]) for name in asked}, sizes, scored_as, keys,
        str(provenance.get("started", several)),
    )  # fmt: skip


def _agreed(path: Path, option: str, in_file: str | None, stated: str | None) -> str:
    """What the file or the user says.

    Raises:
        ScoresError: if neither does, or they do not agree.
    """
    if in_file is not None and stated is not None and in_file != stated:
        raise ScoresError(f"--{option} is {stated}, but the file next to {path} says {in_file}: leave it out")
    if in_file is None and stated is None:
        raise ScoresError(f"{path} does not say its {option}: give --{option}")
    return str(in_file if stated is None else stated)


def _settings(path: Path, read: Scores, space: str, stated: Stated) -> list[Setting]:
    """The setting of each seed."""
    found = [
        Setting.from_json(json.dumps(values)) for values in read.frame.attrs.get(PROVENANCE, {}).get("settings", ())
    ]
    if found and stated.values:
        raise ScoresError(f"the file next to {path} says the setting of its scores: leave --setting out")
    if not found:
        if not stated.values:
            raise ScoresError(
                f"{path} does not say the setting of its scores: give --setting NAME=VALUE for what is not as in the "
                "space's own setting, and --setting seed=0 if all is"
            )
        opened = open_space(space)
        whole = {name: int(text) if text.isdecimal() else text for name, text in stated.values.items()}
        found = [changed(opened, Setting(input=str(whole.get("input", opened.inputs[0]))), whole)]
        if SEED in read.frame:
            if SEED in whole:
                raise ScoresError(f"{path} has a column seed: leave --setting seed out")
            found = [replace(found[0], seed=int(seed)) for seed in dict.fromkeys(_numbers(path, read.frame, SEED))]
    seeds = [setting.seed for setting in found]
    in_rows = set(_numbers(path, read.frame, SEED)) if SEED in read.frame else set(seeds[:1])
    if len(set(seeds)) < len(seeds) or in_rows != set(seeds):
        raise ScoresError(f"{path} has rows of seeds {shown(sorted(in_rows))}, and settings of seeds {shown(seeds)}")
    return found


def _row_keys(
    path: Path, frame: pd.DataFrame, space: str, stated: str | None
) -> tuple[dict[str, str], frozenset[str], dict[str, str]]:
    """What stands under which key: by architecture, the proxies that read a size, and the keys by the file's texts."""
    texts = list(dict.fromkeys(frame["architecture"]))
    if ROW in frame:
        if stated is not None:
            raise ScoresError(f"{path} has a column {ROW}: leave --scored-as out")
        sizes = frozenset(frame.attrs.get(PROVENANCE, {}).get("size_proxies", ()))
        scored_as = {text: text for text in texts}
        shared = frame[~frame["proxy"].isin(sizes)]
        pairs = shared[["architecture", ROW]].drop_duplicates()
        if pairs["architecture"].duplicated().any() or not pairs[ROW].map(lambda row: isinstance(row, str)).all():
            raise ScoresError(f"{path} has scores of one architecture from several rows, in its column {ROW}")
        scored_as.update(zip(pairs["architecture"], pairs[ROW], strict=True))
        return scored_as, sizes, _each_itself(texts)
    opened = open_space(space)
    if isinstance(opened, UserCodeSpace):
        raise ScoresError(f"{path} has no column {ROW}, without which scores of models of one's own are not imported")
    keys = {text: str(opened.parse(text)) for text in texts}
    minimal = row_keys(opened, parsed(opened, texts), True).scored_as
    differ = any(key != row for key, row in minimal.items())
    if differ and stated is None:
        raise ScoresError(
            f"{path} does not say which of several architectures with one network was scored: give --scored-as "
            f"{MINIMAL}, as nasinit score does, or --scored-as {OWN}, as with --no-merge"
        )
    names = list(dict.fromkeys(frame["proxy"]))
    known = resolve(names) if differ and stated == MINIMAL else [one for one in list_proxies() if one.name in names]
    sizes = frozenset(proxy.name for proxy in known if proxy.reads_size)
    return (_each_itself(minimal) if stated == OWN else minimal), sizes, keys


def _each_itself(keys: Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """Each key to itself."""
    return {key: key for key in keys}


def _write(path: Path, known: _Known, rows: Mapping[int, _Rows]) -> None:
    """A new store with the rows by seed, and the run that they are of."""
    asked = json.dumps([[name, version, name in known.size_proxies] for name, version in known.versions.items()])
    architectures = json.dumps(known.scored_as)
    with Store(path) as store, store.writing() as contents:
        for number, setting in enumerate(known.settings, start=1):
            contents.rows.add_setting(number, known.space, setting.json(), known.torch)
            start = contents.rows.settings()[number].checksum
            own = rows[setting.seed]
            contents.rows.put_scores(number, start, [(*key, *columns) for key, (columns, _) in own.items()])
            contents.origins.put_each(number, start, own, (machine or None for _, machine in own.values()))
            checksum = run_checksum(start, number, known.started, asked, architectures)
            contents.rows.add_run(RunRow(number, known.started, number, asked, architectures, checksum))


_Rows = dict[tuple[str, str, str], tuple[tuple[Any, ...], str]]
"""Columns of a row, and its machine, by its key, proxy and version."""


def _rows(path: Path, frame: pd.DataFrame, known: _Known) -> dict[int, _Rows]:
    """The rows of a store, by seed.

    Raises:
        ScoresError: for a score that none can be, or two different ones in the place of one.
    """
    found: dict[int, _Rows] = {setting.seed: {} for setting in known.settings}
    seeds = _numbers(path, frame, SEED) if SEED in frame else [known.settings[0].seed] * len(frame)
    scores, seconds = (_numbers(path, frame, name) for name in ("score", "seconds"))
    errors = _numbers(path, frame, "standard_error") if "standard_error" in frame else [math.nan] * len(frame)
    texts = {name: frame[name].tolist() if name in frame else [""] * len(frame) for name in ("message", MACHINE)}
    columns = zip(
        frame["architecture"], frame["proxy"], scores, frame["status"], seconds, errors, texts["message"],
        texts[MACHINE], seeds, strict=True,
    )  # fmt: skip
    for text, proxy, value, status, took, error, message, machine, seed in columns:
        where = f"{path}: the score of {proxy} for {shown(text)}"
        if status not in STATUSES:
            raise ScoresError(f"{where} has the status {shown(status)}; known: {', '.join(STATUSES)}")
        if (status == OK) != math.isfinite(value) or not math.isfinite(took):
            raise ScoresError(f"{where} is {value!r} after {took!r} seconds, with the status {status}")
        key = known.keys[text]
        row = key if proxy in known.size_proxies else known.scored_as[key]
        said = message if isinstance(message, str) else ""
        new = as_columns(Score(value, status, said, took, error)), machine if isinstance(machine, str) else ""
        if found[int(seed)].setdefault((row, proxy, known.versions[proxy]), new) != new:
            raise ScoresError(f"{where} is there twice, for it or an equal network, with other values")
    return found


def _numbers(path: Path, frame: pd.DataFrame, name: str) -> list[float]:
    """A column as numbers, NaN where a cell is empty."""
    import pandas as pd

    try:
        numbers: list[float] = pd.to_numeric(frame[name]).astype(float).tolist()
    except (ValueError, TypeError) as error:
        raise ScoresError(f"{path} has no number in column {name}: {shown(str(error))}") from error
    return numbers
