"""All trainings of the study, one after another, each kept in a file as soon as it is over."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness.errors import SettingError
from harness.evaluation.columns import SPACE
from harness.studies.searches.daas.sizes import POLICIES, Policy, Sizes
from harness.studies.searches.daas.training import Parts, Trained, Training, trained

if TYPE_CHECKING:
    from harness.search.query.indexed import FloatArray
    from harness.studies.options import StudyOptions

TABLE = "table"
"""The part of trainings in the table of cells and policies."""
FILE = "trained.csv"
COLUMNS = (*Training._fields, *Trained._fields)


def cells_by_rank(accuracies: Mapping[str, float], quantiles: Sequence[float]) -> list[str]:
    """Cells at places among all cells in the order of their accuracy: 1 for the best, 0 for the worst.

    Args:
        accuracies: accuracy of each cell by its text.
        quantiles: the places.
    """
    ranked = sorted(accuracies, key=lambda cell: (accuracies[cell], cell))
    return [ranked[round(place * (len(ranked) - 1))] for place in quantiles]


def table_trainings(cells: Sequence[str], sizes: Sizes) -> list[Training]:
    """The trainings of each cell under each fixed policy, replicate by replicate."""
    return [_place(cell, policy, number) for number in range(sizes.replicates) for cell in cells for policy in POLICIES]


def train_all(
    wanted: Sequence[tuple[Training, Policy]], sizes: Sizes, images: Parts, options: StudyOptions
) -> dict[Training, Trained]:
    """The trainings that are over: those of the study's file, and, unless `finished`, all others, which are made now.

    Args:
        wanted: the trainings and their policies.
        sizes: the study's sizes.
        images: the images of the trainings.
        options: options of the study.
    """
    path = options.out / FILE
    done = read(path)
    missing = [] if options.finished else [pair for pair in wanted if pair[0] not in done]
    if missing:
        _train(missing, sizes, images, options, done)
    return {training: done[training] for training, _ in wanted if training in done}


def read(path: Path) -> dict[Training, Trained]:
    """The trainings in a study's file; none where there is no file.

    Raises:
        SettingError: a file of something else.
    """
    if not path.is_file():
        return {}
    frame = pd.read_csv(path, float_precision="round_trip", dtype={"policy_digest": str})
    if list(frame.columns) != list(COLUMNS):
        raise SettingError(f"{path} holds no trainings of this version: give another --out")
    return {
        Training(str(part), str(cell), str(policy), str(digest), int(replicate)): Trained(
            float(accuracy), float(seconds)
        )
        for part, cell, policy, digest, replicate, accuracy, seconds in frame.itertuples(index=False)
    }


def frame_of(done: Mapping[Training, Trained]) -> pd.DataFrame:
    """A row for each training that is over, with the columns `COLUMNS`."""
    return pd.DataFrame([(*training, *ended) for training, ended in done.items()], columns=list(COLUMNS))


def accuracies_by_place(done: Mapping[Training, Trained], cells: Sequence[str], sizes: Sizes) -> FloatArray:
    """Accuracies [cells, policies, replicates] of the table, in per cent; NaN where a training is not over."""
    missing = Trained(math.nan, math.nan)
    return np.array(
        [
            [
                [done.get(_place(cell, policy, number), missing).accuracy_pct for number in range(sizes.replicates)]
                for policy in POLICIES
            ]
            for cell in cells
        ],
        dtype=np.float64,
    )


def _place(cell: str, policy: Policy, number: int) -> Training:
    return Training(TABLE, cell, policy.name, policy.digest, number)


def _train(
    missing: Sequence[tuple[Training, Policy]],
    sizes: Sizes,
    images: Parts,
    options: StudyOptions,
    done: dict[Training, Trained],
) -> None:
    from harness.progress import progress_bar
    from harness.report.files import write_csv
    from harness.scoring.engine import threads_of_torch

    options.say(f"{len(missing)} trainings, one after another, into {options.out / FILE}")
    shown = progress_bar(len(missing), "trainings", ("training", "trained")) if options.progress else nullcontext(_pass)
    with shown as advance, threads_of_torch(1):
        for training, policy in missing:
            done[training] = trained(SPACE, training.cell, policy, sizes, images, training.seed(options.seed))
            write_csv(frame_of(done), options.out / FILE)
            advance()


def _pass() -> None:
    pass
