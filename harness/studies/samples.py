"""The cells of a study: how many, and their scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import SettingError
from harness.scoring.files import COLUMNS
from harness.scoring.runner import run
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import described
from harness.studies.conditions import SPACE, Condition
from harness.studies.folders import make_folder
from harness.studies.given_scores import Given, read_given, setting_beside
from harness.studies.study import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

_LEAST = 3


def sample_size(options: StudyOptions, *, usual: int, quick: int) -> int:
    """Architectures to score: as asked for, all of the space, `quick`, or else `usual`.

    Raises:
        SettingError: fewer than 3, which have no rank correlation, or more than one of a number, `--quick`, `--full`.
    """
    given = _sizes(options)
    if len(given) > 1:
        raise SettingError(f"{' and '.join(given)}: each is a size of the sample, give one of them, not both")
    if options.full:
        return len(open_space(SPACE))
    count = quick if options.quick else usual if options.sample is None else options.sample
    if count < _LEAST:
        raise SettingError(f"--sample must be at least {_LEAST}, got {count}: fewer cells have no rank correlation")
    return count


def scores_given(options: StudyOptions, proxies: Sequence[str] | None, setting: Setting | None) -> Given | None:
    """Scores made before, of these proxies alone or of all; None where the study is to make them.

    Args:
        options: of the study.
        proxies: its own; None for all.
        setting: that the study scores under; None where it takes those of any setting.

    Raises:
        SettingError: scores and the size of a sample.
        ScoresError: a file that cannot be read, with scores of another space or setting, or without any of the proxies.
    """
    path = options.scores
    if path is None:
        return None
    if sizes := _sizes(options):
        raise SettingError(f"--scores are taken as they are: give them or {' and '.join(sizes)}, not both")
    given, origin = read_given(path, SPACE, proxies)
    why = "and its tables say so. Give scores of that setting, or none: the study makes them"
    beside = "" if setting is None else setting_beside(path, given.setting, setting, why)
    options.say(f"scores: {origin}{beside}")
    return given._replace(frame=given.frame.reindex(columns=[*dict.fromkeys([*given.frame.columns, *COLUMNS])]))


def scored_sample(condition: Condition, proxies: Sequence[str], sample: int, options: StudyOptions) -> pd.DataFrame:
    """Scores of that many random cells under a condition; what the store of the study has is not made again."""
    store, setting = store_of(options), condition.setting(options.seed)
    space = open_space(SPACE)
    under = f"{condition.words} ({described(space, setting)})"
    options.say(f"scoring {sample:,} cells by {len(proxies)} proxies on {under}")
    return run(
        space, space.sample(sample, options.seed), proxies, setting=setting, data=options.data, store=store,
        batch=condition.batch(options.seed, options.data), workers=options.workers, progress=True,
    )  # fmt: skip


def store_of(options: StudyOptions) -> Path:
    """The SQLite file of a study's scores, in a folder that is made."""
    store = options.store or options.out / "scores.sqlite"
    make_folder(store.parent, "--store")
    return store


def _sizes(options: StudyOptions) -> list[str]:
    """The options that were given for the size of the sample."""
    asked = {"--quick": options.quick, "--full": options.full, "--sample": options.sample is not None}
    return [name for name, there in asked.items() if there]
