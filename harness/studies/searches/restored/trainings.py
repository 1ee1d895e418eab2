"""Trainings of restoring networks, and their quality on test images, which their folders keep."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from torch import nn

from harness.restoration.classical import Method, baselines
from harness.restoration.crops import Crops
from harness.restoration.problems import Restoration
from harness.restoration.protocol import evaluate
from harness.studies.options import StudyOptions
from harness.studies.searches.restored.images import StudyImages
from harness.training.plain import plain_network, width_of
from harness.training.restored import RestorationSetting, Restored, is_restorer_trained, train_restorer

FOLDER, QUALITY = "trainings", "quality.csv"
FOUND, ANEW, PLAIN, LONGER, RANDOM = (
    "found", "found, trained anew", "plain, equal size", "plain, equal time", "random",
)  # fmt: skip
"""Kinds of networks: the derived one from inherited weights, and from drawn ones; plain ones; random architectures."""
COLUMNS = ("kind", "seed", "network", "parameters", "steps", "cpu_seconds", "set", "image", "psnr_db", "ssim")
"""Columns of the quality: a row for each image of each test set; `mean` is the mean of a set."""


class Of(NamedTuple):
    """What the trainings of one seed share: the problem, the seed and the setting."""

    problem: Restoration
    seed: int
    setting: RestorationSetting


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


def plain_training(kind: str, name: str, of: Of, parameters: int) -> Training:
    """The training of a plain network of at least that many parameters."""
    width = width_of(of.problem, parameters)
    begin = lambda: plain_network(of.problem, width, seed=of.seed)  # noqa: E731
    return Training(kind, name, of.seed, f"width {width}", of.setting, begin)


def longer(plain: Training, name: str, kind: str, seconds: float, own: float, most: int) -> Training:
    """A training again, for as long as other work took.

    Args:
        plain: the training.
        name: name of the folder of the longer one.
        kind: kind of the longer one.
        seconds: seconds of the processor of the other work.
        own: seconds of the training.
        most: most times that it is as long; once is the least.
    """
    times = min(max(seconds / max(own, 1e-3), 1.0), most)
    setting = replace(plain.setting, epochs=math.ceil(times * plain.setting.epochs))
    return plain._replace(name=name, kind=kind, setting=setting)


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
        write_csv(_quality(made.network, images, crops.problem, of), path)
    return pd.read_csv(path, float_precision="round_trip")


def trained_in_turn(
    wanted: Iterable[Training],
    longest: Callable[[Mapping[str, float]], Training] | None,
    crops: Crops,
    images: StudyImages,
    options: StudyOptions,
) -> Iterator[tuple[Training, pd.DataFrame]]:
    """The trainings that are over with their qualities, all of them unless the options have `finished`.

    Args:
        wanted: the trainings, in order.
        longest: gives a further one from the seconds of `FOUND` and `PLAIN`, once both are over; None for none.
        crops: crops of the training images.
        images: the images.
        options: options of the study.
    """
    waiting, seconds = list(wanted), dict[str, float]()
    while waiting:
        training = waiting.pop(0)
        if not is_over(training, options.out):
            if options.finished:
                continue
            options.say(f"training {training.name}, seed {training.seed}: {training.text}")
        quality = quality_of(training, crops, images, options.out)
        seconds[training.kind] = float(quality["cpu_seconds"].iloc[0])
        yield training, quality
        if longest is not None and training.kind == PLAIN and FOUND in seconds:
            waiting.append(longest(seconds))


def baseline_quality(name: str, images: StudyImages, problem: Restoration) -> pd.DataFrame:
    """The quality of a baseline, with the same columns; its seed is -1, and it has no parameters."""
    return _quality(baselines(problem)[name], images, problem, (name, -1, name, 0, 0, 0.0))


def _quality(
    network: nn.Module | Method, images: StudyImages, problem: Restoration, of: tuple[Any, ...]
) -> pd.DataFrame:
    frames = []
    for name, tests in images.tests.items():
        frame = evaluate(network, tests, problem).frame()
        frames.append(frame.assign(set=name))
    whole = pd.concat(frames, ignore_index=True).assign(**dict(zip(COLUMNS, of, strict=False)))
    return whole[list(COLUMNS)]
