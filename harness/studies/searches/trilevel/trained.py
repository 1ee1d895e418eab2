"""The trainings of the study: what was found, plain networks of equal size and of equal time, random architectures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from torch import nn

from harness.restoration.baselines import Method, baselines
from harness.restoration.crops import Crops
from harness.restoration.protocol import evaluate
from harness.spaces.trilevel.notation import TrilevelArchitecture
from harness.studies.searches.trilevel.searched import Found, inherited
from harness.studies.searches.trilevel.sizes import Search, Sizes, StudyImages, small_space
from harness.training.plain import plain_network, width_of
from harness.training.restored import RestorationSetting, Restored, is_restorer_trained, train_restorer

FOLDER, QUALITY = "trainings", "quality.csv"
FOUND, ANEW, PLAIN, LONGER, RANDOM, BICUBIC = (
    "found", "found, trained anew", "plain, equal size", "plain, equal time", "random", "bicubic",
)  # fmt: skip
"""Kinds of networks: the derived one from inherited weights, and from drawn ones; plain ones; random architectures."""
COLUMNS = ("kind", "seed", "network", "parameters", "steps", "cpu_seconds", "set", "image", "psnr_db", "ssim")
"""Columns of the quality: a row for each image of each test set; `mean` is the mean of a set."""


class Training(NamedTuple):
    """A training of the study.

    Attributes:
        kind: one of the kinds of networks.
        name: name of its folder, in that of its seed.
        seed: seed of the search that it belongs to, and of the training.
        text: the architecture, or the width of a plain network.
        setting: setting of the training.
        begin: makes the network with the weights that it begins with.
    """

    kind: str
    name: str
    seed: int
    text: str
    setting: RestorationSetting
    begin: Callable[[], nn.Module]

    def folder(self, out: Path) -> Path:
        """The folder of the training below that of the study."""
        return out / FOLDER / f"seed-{self.seed}" / self.name


def trainings_of(
    search: Search, found: Found, randoms: Sequence[TrilevelArchitecture], sizes: Sizes, out: Path
) -> list[Training]:
    """The trainings that belong to a search, but for the one of equal time."""
    space, seed, setting = small_space(), search.seed, sizes.training
    architecture, text = found.architecture, str(found.architecture)
    result = [
        Training(FOUND, "found", seed, text, setting, lambda: inherited(search, found, out)),
        Training(ANEW, "anew", seed, text, setting, lambda: space.begun(architecture, seed=seed)),
        _plain(PLAIN, "plain", search, found, setting),
    ]
    for place, other in enumerate(randoms, start=1):
        begin = lambda other=other: space.begun(other, seed=seed)  # noqa: E731
        result.append(Training(RANDOM, f"random-{place}", seed, str(other), setting, begin))
    return result


def equal_time(search: Search, found: Found, sizes: Sizes, seconds: Mapping[str, float]) -> Training:
    """The training of the plain network for as long as the search and the training of what it found took together.

    Args:
        search: the search.
        found: what it found.
        sizes: sizes of the study.
        seconds: seconds of the processor of the trainings `FOUND` and `PLAIN`.
    """
    times = (found.seconds + seconds[FOUND]) / max(seconds[PLAIN], 1e-3)
    epochs = math.ceil(min(max(times, 1.0), sizes.most_time) * sizes.training.epochs)
    return _plain(LONGER, "plain-longer", search, found, replace(sizes.training, epochs=epochs))


def trained(training: Training, crops: Crops, out: Path) -> Restored:
    """Make a training, go on with it, or read it, in its folder."""
    return train_restorer(
        training.begin(), crops, training.setting, seed=training.seed, out=training.folder(out)
    )  # fmt: skip


def is_over(training: Training, out: Path) -> bool:
    """Whether a training and the look at its quality are over."""
    folder = training.folder(out)
    return is_restorer_trained(folder, training.setting) and (folder / QUALITY).is_file()


def quality_of(training: Training, crops: Crops, images: StudyImages, out: Path) -> pd.DataFrame:
    """The quality of a trained network on all test images, which its folder keeps: `COLUMNS`."""
    from harness.report.files import write_csv

    path = training.folder(out) / QUALITY
    made = trained(training, crops, out)
    if not (path.is_file() and made.resumed_from == training.setting.epochs):
        count = sum(weight.numel() for weight in made.network.parameters())
        steps = training.setting.epochs * training.setting.steps
        of = (training.kind, training.seed, training.text, count, steps, made.seconds)
        write_csv(_quality(made.network, images, of), path)
    return pd.read_csv(path, float_precision="round_trip")


def bicubic_quality(images: StudyImages) -> pd.DataFrame:
    """The quality of bicubic enlargement, with the same columns; its seed is -1, and it has no parameters."""
    return _quality(baselines(small_space().problem)["bicubic"], images, (BICUBIC, -1, BICUBIC, 0, 0, 0.0))


def _quality(network: nn.Module | Method, images: StudyImages, of: tuple[Any, ...]) -> pd.DataFrame:
    frames = []
    for name, tests in images.tests.items():
        frame = evaluate(network, tests, small_space().problem).frame()
        frames.append(frame.assign(set=name))
    whole = pd.concat(frames, ignore_index=True).assign(**dict(zip(COLUMNS, of, strict=False)))
    return whole[list(COLUMNS)]


def _plain(kind: str, name: str, search: Search, found: Found, setting: RestorationSetting) -> Training:
    space, seed = small_space(), search.seed
    width = width_of(space.problem, space.sizes(found.architecture).parameters)
    return Training(
        kind, name, seed, f"width {width}", setting, lambda: plain_network(space.problem, width, seed=seed)
    )  # fmt: skip
