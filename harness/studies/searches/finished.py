"""Searches whose logs a study's folder holds from before, so that they are not run again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from harness.errors import SearchError
from harness.search.gradient.setting import SearchSetting
from harness.studies.options import StudyOptions
from harness.studies.searches.files import read_logs
from harness.studies.searches.frame import is_of_preset
from harness.studies.searches.progress import epoch_seconds
from harness.studies.searches.record import Used
from harness.studies.searches.runs import Outcomes, Run

RECORD = "study.json"


def logs_in(folder: Path, runs: Sequence[Run], used: Mapping[str, Used]) -> dict[Run, pd.DataFrame]:
    """The logs of those searches that a study's files have: the same method, seed, data and setting, to the end.

    Args:
        folder: folder of the study, whose `searches/` may be gone.
        runs: the wanted searches.
        used: data and setting that they really use, by `Run.name`.

    Returns:
        By search its rows of the study's log; empty where the folder has no study.

    Raises:
        SearchError: a study's files that cannot be read.
    """
    if not (folder / RECORD).is_file():
        return {}
    try:
        recorded = json.loads((folder / RECORD).read_text(encoding="utf-8"))["searches"]
        log = read_logs(folder)
        return {run: rows for run in runs if len(rows := _rows(log, run, used[run.name], recorded.get(run.name)))}
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SearchError(f"{folder} holds logs and {RECORD} that are no study's: give another --out") from error


def is_finished(run: Run, folder: Path) -> bool:
    """Whether a search has come to its end in its folder below `folder`, by the log that it writes there."""
    return len(epoch_seconds(folder / run.folder)) == run.setting.epochs


def searched(runs: Sequence[Run], options: StudyOptions) -> Outcomes:
    """The outcomes of a study's searches; with `finished`, of those that are over, and no other is run.

    Raises:
        CheckpointError: a folder holds a checkpoint of another search.
        RunError: all of the searches fail, a worker dies, or no scheduler answers.
    """
    from harness.studies.searches.pool import SEARCHES, say_data, search_all

    wanted = [run for run in runs if not options.finished or is_finished(run, options.out / SEARCHES)]
    if not wanted:
        return Outcomes({}, {})
    say_data(options)
    return search_all(wanted, options)


def _rows(log: pd.DataFrame, run: Run, used: Used, recorded: Mapping[str, Any] | None) -> pd.DataFrame:
    """The rows of a search; none where it was another one, or did not come to its end."""
    rows = log[(log["method"] == run.method) & (log["seed"] == run.seed) & is_of_preset(log, run.preset)]
    same = recorded is not None and run.seed in recorded["seeds"] and _same(recorded, used)
    whole = len(rows) > 0 and int(rows["epoch"].max()) == used.setting.epochs
    return rows if same and whole else rows.iloc[:0]


def _same(recorded: Mapping[str, Any], used: Used) -> bool:
    """Whether data and setting are those of the record; a field that the record lacks had its default."""
    data = recorded["data"]  # versions before 0.3 had the folder's name alone
    name = data if isinstance(data, str) else data["folder"] or data["name"]
    known = {entry.name for entry in fields(SearchSetting)}
    setting: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in recorded["setting"].items()
    }
    return name == (used.folder or used.data) and set(setting) <= known and SearchSetting(**setting) == used.setting
