"""Trainings of the members, each once, and what their averaged predictions are worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from harness.errors import RunError
from harness.evaluation.columns import SPACE
from harness.scoring.engine import close_pool, threads_of_torch, worker_pool
from harness.spaces import open_space
from harness.stats.ensembles import MEASURES, accuracy, calibration_error, disagreement, paired_difference
from harness.studies.searches.nesbs.exact import MC, SVGD
from harness.studies.searches.nesbs.sets import ARMS, Trial, images_of
from harness.training.ensembles import attacked as attacked_by_fgsm
from harness.training.ensembles import averaged
from harness.training.trained import is_trained, scaled, train

if TYPE_CHECKING:
    from harness.search.gradient.data import Images
    from harness.stats.ensembles import IntArray
    from harness.stats.real_numbers import FloatArray
    from harness.studies.searches.runs import Run
    from harness.training.setting import TrainingSetting
    from harness.training.trained import Trained

FOLDER = "members"
"""Folder of the trainings, in that of the study."""
FGSM = "fgsm"
_BATCH = 250
Sets = Mapping[tuple[int, str, int], tuple[Trial, ...]]
"""The trainings of a set by seed, arm and number of members."""


class Ensemble(NamedTuple):
    """What an ensemble predicts for the test images.

    Attributes:
        averaged: probabilities, [N, K].
        attacked: those for images that are attacked with its own gradients, [N, K].
    """

    averaged: FloatArray
    attacked: FloatArray


def train_one(trial: Trial, run: Run, setting: TrainingSetting, folder: Path) -> None:
    """Train one member in a folder of its own, in this process."""
    space = open_space(SPACE)
    with threads_of_torch(1):
        train(space, space.parse(trial.cell), images_of(run)[0], setting, seed=trial.seed, out=folder / trial.folder)


def train_all(
    trials: Sequence[Trial], run: Run, setting: TrainingSetting, folder: Path, workers: int, say: Callable[[str], None]
) -> None:
    """Train what is not trained yet, as many at once as there are workers; a killed training goes on.

    Raises:
        RunError: a training fails, or a worker dies; what is trained stays.
    """
    left = [trial for trial in dict.fromkeys(trials) if not is_trained(folder / trial.folder, setting)]
    if not left:
        return
    say(f"{len(left)} trainings of members, {workers} at once, into {folder}")
    pool, over = worker_pool(min(workers, len(left))), False
    try:
        waiting = [pool.submit(train_one, trial, run, setting, folder) for trial in left]
        for place, (trial, future) in enumerate(zip(left, waiting, strict=True), start=1):
            future.result()
            say(f"trained {trial.cell}, seed {trial.seed} ({place} of {len(left)})")
        over = True
    except BrokenProcessPool as error:
        raise RunError(f"a worker died; what is trained is in {folder}: the same command goes on") from error
    finally:
        close_pool(pool, kill=not over)


def ensembles_frame(
    sets: Sets, runs: Mapping[int, Run], setting: TrainingSetting, folder: Path
) -> tuple[pd.DataFrame, dict[tuple[int, str, int], Ensemble]]:
    """A row for each ensemble, and the predictions of those whose members are all trained.

    Args:
        sets: trainings by seed, arm and number of members.
        runs: searches by seed.
        setting: setting of the trainings.
        folder: folder of the trainings.

    Returns:
        `seed`, `members`, `arm`, `finished`, `cells` (number of different ones), `accuracy_pct`, `nll` (nats),
        `ece_pct` (15 bins), `disagreement_pct`, `member_pct` and `best_member_pct` (mean and best member), `fgsm_pct`
        (accuracy on images attacked at ε = 8/255 of the averaged model), `cpu_seconds` of the trainings, and
        `architectures` with spaces between them. Numbers are NaN where a training is missing.
    """
    rows, found = [], {}
    for (seed, arm, count), trials in sets.items():
        row: dict[str, Any] = {
            "seed": seed, "members": count, "arm": arm, "finished": False,
            "cells": len({trial.cell for trial in trials}), **dict.fromkeys(_NUMBERS, math.nan),
            "architectures": " ".join(trial.cell for trial in trials),
        }  # fmt: skip
        if all(is_trained(folder / trial.folder, setting) for trial in trials):
            training, test = images_of(runs[seed])
            members = [_member(trial, training, setting, folder) for trial in trials]
            found[seed, arm, count] = ensemble = predicted(members, test)
            row |= {"finished": True, **_values(members, test, ensemble)}
        rows.append(row)
    names = ["seed", "members", "arm", "finished", "cells", *_NUMBERS, "architectures"]
    return pd.DataFrame(rows, columns=names), found


_NUMBERS = (
    "accuracy_pct", "nll", "ece_pct", "disagreement_pct", "member_pct", "best_member_pct", "fgsm_pct", "cpu_seconds",
)  # fmt: skip


def predicted(members: Sequence[Trained], test: Images) -> Ensemble:
    """Averaged probabilities of members for test images, as they are and attacked by FGSM."""
    logs, clean, attacked = averaged(members), [], []
    parts = zip(torch.split(test.pixels, _BATCH), torch.split(test.labels, _BATCH), strict=True)
    for pixels, labels in parts:
        images = scaled(pixels)
        worse = attacked_by_fgsm(logs, images, labels)
        with torch.no_grad():
            clean.append(logs(images).double().exp())
            attacked.append(logs(worse).double().exp())
    return Ensemble(torch.cat(clean).numpy(), torch.cat(attacked).numpy())


def differences_frame(
    found: Mapping[tuple[int, str, int], Ensemble], labels: IntArray, members: Sequence[int], seed: int
) -> pd.DataFrame:
    """Differences between drawn ensembles and the others on the same test images and repetitions.

    Returns:
        `members`, `arm`, `against`, `measure` (`accuracy`, `nll`, `ece`, or `fgsm`: accuracy under attack), `seeds`
        (both are finished), `difference`, `low` and `high`: 95 % bootstrap interval over images, and `p`
        (`paired_difference`).
    """
    rows = []
    for count in members:
        for arm in (SVGD, MC):
            for other in (one for one in ARMS if one != arm and (arm, one) != (MC, SVGD)):
                seeds = [key[0] for key in found if key[1:] == (arm, count) and (key[0], other, count) in found]
                pairs = [(found[one, arm, count], found[one, other, count]) for one in seeds]
                for measure in (*MEASURES, FGSM) if pairs else ():
                    attacked = measure == FGSM
                    ours, theirs = (
                        [each[place].attacked if attacked else each[place].averaged for each in pairs]
                        for place in (0, 1)
                    )
                    value = paired_difference(
                        accuracy if attacked else MEASURES[measure], ours, theirs, labels,
                        generator=np.random.default_rng(seed),
                    )  # fmt: skip
                    rows.append((count, arm, other, measure, len(pairs), *value))
    names = ["members", "arm", "against", "measure", "seeds", "difference", "low", "high", "p"]
    return pd.DataFrame(rows, columns=names)


def _member(trial: Trial, training: Images, setting: TrainingSetting, folder: Path) -> Trained:
    space = open_space(SPACE)
    return train(space, space.parse(trial.cell), training, setting, seed=trial.seed, out=folder / trial.folder)


def _values(members: Sequence[Trained], test: Images, ensemble: Ensemble) -> dict[str, float]:
    labels = test.labels.numpy()
    each = torch.stack([member.predictions(test).double().softmax(dim=1) for member in members]).numpy()
    alone = [100 * accuracy(one, labels) for one in each]
    return {
        "accuracy_pct": 100 * accuracy(ensemble.averaged, labels), "nll": MEASURES["nll"](ensemble.averaged, labels),
        "ece_pct": 100 * calibration_error(ensemble.averaged, labels), "disagreement_pct": 100 * disagreement(each),
        "member_pct": float(np.mean(alone)), "best_member_pct": max(alone),
        "fgsm_pct": 100 * accuracy(ensemble.attacked, labels),
        "cpu_seconds": math.fsum(row["seconds"] for member in members for row in member.rows),
    }  # fmt: skip
