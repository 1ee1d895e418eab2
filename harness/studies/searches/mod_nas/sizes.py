"""Arms, images, noise and sizes of the study of MoD-NAS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harness.restoration.problems import Restoration, denoising
from harness.search import find_method
from harness.search.gradient.setting import SearchSetting
from harness.spaces import open_space
from harness.spaces.mod_nas import ModNas
from harness.studies.options import StudyOptions
from harness.studies.searches.restored.images import StudyImages, study_images
from harness.studies.searches.restored.searches import Search
from harness.training.restored import RestorationSetting

GUIDED, UNGUIDED = "guided", "unguided"
"""Arms: stages with data consistency, and without."""
SPACES = {GUIDED: "mod-nas", UNGUIDED: "mod-nas-unguided"}
MAIN_SIGMA = 25
"""Noise of the searches and of most trainings, on the scale from 0 to 255."""
OTHER_SIGMAS = (15, 50)
HAND_MADE = (
    "conv_3x3~0@4 skip_connect~0+conv_3x3~1@4 skip_connect~1+conv_3x3~2@4 skip_connect~2+conv_3x3~3@4"
)  # fmt: skip
"""A chain of convolutions at full width, each with a way around the one before it: ours, chosen before any result."""


@dataclass(frozen=True)
class Sizes:
    """The size of the study.

    Attributes:
        seeds: number of searches of each arm, and of trainings of each kind of network.
        randoms: random architectures for each seed.
        search: setting of the searches.
        training: setting of all trainings but those of equal time.
        most_time: largest number of times that the equal-time network is trained as long.
        other_sigmas: noise of further trainings of what was found and of plain networks.
    """

    seeds: int
    randoms: int
    search: SearchSetting
    training: RestorationSetting
    most_time: int
    other_sigmas: tuple[int, ...]


def sizes_of(options: StudyOptions) -> Sizes:
    """The size that the options ask for; `runs` is the number of seeds."""
    setting = find_method("mod-nas").setting(SPACES[GUIDED], "laptop")
    training = RestorationSetting(epochs=10, steps=300, image_size=40)
    full = Sizes(3, 3, setting, training, 10, OTHER_SIGMAS)
    if options.quick:
        tiny = {"epochs": 2, "alpha_warm_up": 1, "steps_per_epoch": 1, "batch_size": 2, "image_size": 6, "images": 8}
        training = RestorationSetting(epochs=1, steps=2, batch_size=2, image_size=6)
        full = Sizes(
            1, 1, setting.changed({**tiny, "width": 4, "evaluation_batches": 1}), training, 2, OTHER_SIGMAS[:1]
        )
    return full if options.runs is None else replace(full, seeds=options.runs)


def searches_of(sizes: Sizes, seed: int) -> list[Search]:
    """All searches: both arms under each seed."""
    return [Search(arm, sizes.search, seed + number) for number in range(sizes.seeds) for arm in SPACES]


def space_of(arm: str) -> ModNas:
    """The space that an arm searches."""
    space = open_space(SPACES[arm])
    assert isinstance(space, ModNas)
    return space


def problem_of(sigma: int) -> Restoration:
    """The removal of noise of that standard deviation."""
    return denoising(sigma)


def images_of(data: Path | None, *, quick: bool) -> StudyImages:
    """Train400 to train on, Set12 and BSD68 to test on, or photographs (`study_images`)."""
    return study_images(data, "Train400", ("Set12", "BSD68"), quick=quick)


def with_sigma(images: StudyImages, sigma: int) -> StudyImages:
    """The images, whose test sets are named after the noise, too."""
    return images._replace(tests={f"{name}, sigma {sigma}": tests for name, tests in images.tests.items()})
