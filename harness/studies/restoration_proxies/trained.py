"""The trainings of the small benchmarks, one after the other, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from harness.errors import DivergedError
from harness.restoration.crops import Crops
from harness.scoring.engine import threads_of_torch
from harness.spaces.space import Architecture
from harness.studies.options import StudyOptions
from harness.studies.record import write_made
from harness.studies.restoration_proxies.protocols import (
    PROTOCOLS,
    SHARE,
    Protocol,
    architectures_of,
    images_of,
    setting_of,
)
from harness.studies.searches.restored.images import StudyImages, check_images
from harness.studies.searches.restored.summary import MEAN
from harness.studies.searches.restored.trainings import RANDOM, Training, is_over, quality_of
from harness.writing import make_folder

COLUMNS = ("table", "architecture", "seed", "parameters", "steps", "cpu_seconds", "set", "psnr_db", "ssim")
"""Columns of the trainings: a row for each training and set of images, with the means over the images."""


def trainings_of(protocol: Protocol, count: int, options: StudyOptions) -> list[Training]:
    """The trainings of a benchmark, in order: after every third architecture one of the first again, by another seed.

    So that what is over tells of architectures and of seeds at any time; fewer are the first of more.

    Args:
        protocol: the benchmark.
        count: number of architectures.
        options: options of the study.
    """
    architectures = architectures_of(protocol, count, options.seed)
    found = []
    for number, architecture in enumerate(architectures, start=1):
        found.append(_training(protocol, number, architecture, options.seed, options))
        if number % SHARE == 0:
            again = number // SHARE
            found.append(_training(protocol, again, architectures[again - 1], options.seed + 1, options))
    return found


def _training(
    protocol: Protocol, number: int, architecture: Architecture, seed: int, options: StudyOptions
) -> Training:
    begin = lambda: protocol.opened.begun(architecture, seed=seed)  # noqa: E731
    return Training(RANDOM, f"{number:03d}", seed, str(architecture), setting_of(protocol, options), begin)


def trained_frame(count: int, options: StudyOptions) -> pd.DataFrame:
    """All trainings that are over, `COLUMNS`; those that are not are made, unless the options have `finished`.

    The benchmarks take turns. A training whose loss is not finite is left out, and a line says so.

    Args:
        count: number of architectures of each benchmark.
        options: options of the study.

    Raises:
        SettingError: missing images or packages, or a folder of other images.
        CheckpointError: a folder that holds another training.
    """
    queues = []
    for protocol in PROTOCOLS:
        images, folder = images_of(protocol, options.data, quick=options.quick), options.out / protocol.table
        make_folder(folder, "--out")
        check_images(images, folder)
        write_made(folder)
        queues.append(_Queue(protocol, trainings_of(protocol, count, options), images, folder))
    frames: list[pd.DataFrame] = []
    with threads_of_torch(1):
        for turn in range(max(len(each.trainings) for each in queues)):
            for queue in queues:
                frames += queue.of(turn, options)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))


class _Queue:
    """The trainings of a benchmark in their order.

    Args:
        protocol: the benchmark.
        trainings: its trainings.
        images: its images.
        folder: its folder.
    """

    def __init__(self, protocol: Protocol, trainings: Sequence[Training], images: StudyImages, folder: Path) -> None:
        self.protocol, self.trainings, self.images, self.folder = protocol, trainings, images, folder
        self.crops = Crops(images.training, protocol.problem)

    def of(self, turn: int, options: StudyOptions) -> Iterator[pd.DataFrame]:
        """The rows of the training of that turn, if there is one and it is over in the end."""
        if turn >= len(self.trainings):
            return
        training = self.trainings[turn]
        if not is_over(training, self.folder):
            if options.finished:
                return
            words = f"{self.protocol.table}: training {turn + 1} of {len(self.trainings)}"
            options.say(f"{words}, seed {training.seed}: {training.text}")
        try:
            quality = quality_of(training, self.crops, self.images, self.folder)
        except DivergedError as error:
            options.say(f"{self.protocol.table}: {training.text}, seed {training.seed} is left out: {error}")
            return
        means = quality[quality["image"] == MEAN].rename(columns={"network": "architecture"})
        yield means.assign(table=self.protocol.table)[list(COLUMNS)]
