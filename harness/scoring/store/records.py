"""What the rows of a store mean: a run, and a score, as Python has them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.scoring.scorer import Score
from harness.scoring.store.rows import RunRow, SettingRow
from harness.setting import Setting
from harness.versions import made_with


@dataclass(frozen=True)
class RunRecord:
    """What a run was asked for.

    Attributes:
        number: its number in the store, from 1.
        started: UTC time, ISO 8601.
        setting_id: number of its setting in the store.
        space: name of the space.
        setting: of all its scores.
        torch: the torch version that computed them.
        proxies: name to version, in the order asked for.
        size_proxies: those whose row stands under the architecture's own key.
        scored_as: architecture key to the key under which all other proxies' rows stand.
    """

    number: int
    started: str
    setting_id: int
    space: str
    setting: Setting
    torch: str
    proxies: dict[str, str]
    size_proxies: frozenset[str]
    scored_as: dict[str, str]

    def provenance(self) -> dict[str, object]:
        """What made the run's scores, as a frame carries it; nasinit and Python are those that made the frame."""
        settings = [self.setting.values()]
        return made_with(space=self.space, settings=settings, proxies=dict(self.proxies), torch=self.torch)


def of_several_seeds(started: str) -> bool:
    """Whether runs with this start were begun together, one for each seed: only theirs has parts of a second."""
    return "." in started


def as_columns(score: Score) -> tuple[float | None, float | None, str, str, float]:
    """A score's columns as SQLite gives them back: NaN is NULL, zero has no sign, half surrogates are spelt out."""
    message = score.message.encode("utf-8", "backslashreplace").decode()
    value, standard_error = (
        None if math.isnan(number) else number + 0.0 for number in (score.value, score.standard_error)
    )
    return value, standard_error, score.status, message, score.seconds + 0.0


def run_records(runs: Iterable[RunRow], settings: Mapping[int, SettingRow]) -> list[RunRecord]:
    """Runs as their rows and those of their settings state them; equal requests share what they were asked for.

    Args:
        runs: the runs' rows.
        settings: the settings' rows, by number.
    """
    known: dict[str, dict[str, str]] = {}
    return [_run_record(run, settings[run.setting_id], known) for run in runs]


def _run_record(run: RunRow, setting: SettingRow, known: dict[str, dict[str, str]]) -> RunRecord:
    asked = json.loads(run.proxies)
    if run.architectures not in known:
        scored_as = json.loads(run.architectures)
        known[run.architectures] = {key: key if row == key else row for key, row in scored_as.items()}
    return RunRecord(
        run.number,
        run.started,
        run.setting_id,
        setting.space,
        Setting.from_json(setting.setting),
        setting.torch,
        {name: version for name, version, _ in asked},
        frozenset(name for name, _, reads_size in asked if reads_size),
        known[run.architectures],
    )
