"""What a study's folder holds from before: it goes on where it is of the same study, and is else refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.errors import SettingError
from harness.report.files import write_text
from harness.search.gradient.setting import SearchSetting
from harness.studies.searches.daas.sizes import POLICIES, Sizes
from harness.studies.searches.daas.training import Parts, training_setting
from harness.studies.searches.daas.trainings import FILE
from harness.studies.searches.files import read_logs
from harness.studies.searches.finished import RECORD, is_finished, logs_in, searched
from harness.studies.searches.frame import preset_of
from harness.studies.searches.kept import PARTS
from harness.studies.searches.pool import SEARCHES
from harness.studies.searches.record import Used
from harness.studies.searches.runs import Outcome, Outcomes, Run

if TYPE_CHECKING:
    from harness.studies.options import StudyOptions

CHOSEN = "chosen.csv"
LOGS = "searches.csv.gz"


def parts_key(seed: int, sizes: Sizes, images: Parts, runs: Sequence[Run]) -> dict[str, Any]:
    """All that the rows of a folder have in common, as JSON takes it.

    Args:
        seed: seed of the study.
        sizes: its sizes.
        images: images of the trainings.
        runs: the searches, of whose settings the values that are not the default are kept.
    """
    usual = asdict(SearchSetting())
    settings = {run.preset: asdict(run.setting) for run in runs}
    key = {
        "seed": seed,
        "quantiles": sizes.quantiles,
        "images": {name: part.digest() for name, part in images._asdict().items()},
        "image_size": sizes.image_size,
        "training": asdict(training_setting(sizes, images, crops=True)),
        "policies": {policy.name: policy.digest for policy in POLICIES},
        "searches": {
            arm: {name: value for name, value in setting.items() if value != usual[name]}
            for arm, setting in settings.items()
        },
    }
    found: dict[str, Any] = json.loads(json.dumps(key))
    return found


def check_parts(out: Path, key: Mapping[str, Any]) -> None:
    """Refuse a folder whose rows are of another study.

    Raises:
        SettingError: another key, none next to trainings, or a file that is no key.
    """
    path = out / PARTS
    if path.is_file():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise SettingError(f"{path} cannot be read: give another --out") from error
        if before != key:
            raise SettingError(
                f"{out} holds trainings of another seed, or of other images, policies or settings: give another --out"
            )
    elif (out / FILE).is_file():
        raise SettingError(f"{out} holds {FILE} without {PARTS}, so that nobody knows its settings: give another --out")


def write_parts(out: Path, key: Mapping[str, Any]) -> None:
    """Note the key of a folder."""
    write_text(json.dumps(key, indent=2) + "\n", out / PARTS)


def outcomes_of(runs: Sequence[Run], used: Mapping[str, Used], options: StudyOptions) -> Outcomes:
    """The outcomes of the searches: of the folder's log, of its `searches/`, and, unless `finished`, of new ones.

    Args:
        runs: the searches.
        used: data and setting that they really use, by `Run.name`.
        options: options of the study.

    Raises:
        SettingError: the folder holds rows of searches that would be lost; nothing is run then.
        SearchError: a log that cannot be read.
        CheckpointError, RunError: as `harness.studies.searches.finished.searched`.
    """
    before = logs_in(options.out, runs, used)
    others = [run for run in runs if run not in before]
    if options.finished:
        others = [run for run in others if is_finished(run, options.out / SEARCHES)]
    _check_searches(options.out, [*before, *others])
    made = searched(others, options) if others else Outcomes({}, {})
    ended = {**{run: Outcome(log, {}) for run, log in before.items()}, **made.ended}
    return Outcomes({run: ended[run] for run in runs if run in ended}, made.failed)


def log_of(ended: Mapping[Run, Outcome]) -> pd.DataFrame:
    """The logs of all searches with `method`, `seed` and `how`, from which `outcomes_of` takes them again."""
    logs = [
        outcome.log.assign(method=run.method, seed=run.seed, how=f"preset {run.preset}")
        for run, outcome in ended.items()
    ]
    return pd.concat(logs, ignore_index=True) if logs else pd.DataFrame(columns=["method", "seed", "how"])


def _check_searches(out: Path, runs: Sequence[Run]) -> None:
    """Refuse to lose rows of searches that are over.

    Raises:
        SettingError: a search of the folder's files that is not among the runs, or a file that cannot be read.
    """
    try:
        log = read_logs(out)
        held = set(zip(log["how"].map(preset_of), log["seed"], strict=True))
        if (out / CHOSEN).is_file():
            chosen = pd.read_csv(out / CHOSEN)
            held |= set(zip(chosen["arm"], chosen["seed"], strict=True))
        lost = sorted(held - {(run.preset, run.seed) for run in runs})
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingError(f"{out} holds {CHOSEN} or {LOGS} that cannot be read: give another --out") from error
    if lost:
        (arm, seed), count = lost[0], len(lost)
        raise SettingError(
            f"{out} would lose {count} of its searches, the first {arm}, seed {seed}: no log with {RECORD} or in "
            f"{SEARCHES}/ is theirs, or --runs is smaller; put the logs back, or give another --out"
        )
