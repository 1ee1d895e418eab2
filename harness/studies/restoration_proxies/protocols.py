"""The two small benchmarks: their spaces, images and trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.restoration.image_sets import PHOTOGRAPHS, NamedImage
from harness.restoration.problems import Restoration
from harness.spaces import open_space
from harness.spaces.mod_nas import ModNas
from harness.spaces.space import Architecture
from harness.spaces.trilevel.small import SmallTrilevel
from harness.studies.options import StudyOptions
from harness.studies.samples import distinct_sample
from harness.studies.searches.restored.images import StudyImages, cut_small, study_images
from harness.training.restored import RestorationSetting

USUAL, QUICK = 60, 9
"""Number of architectures of each benchmark."""
SHARE = 3
"""Of so many architectures one is trained under a second seed, too."""


@dataclass(frozen=True)
class Protocol:
    """A benchmark of random architectures, all trained alike.

    Attributes:
        table: name of the table, and of its folder.
        space: name of the space.
        task: what the networks do, in words.
        training: set of images whose crops networks are trained on, but for the held-out ones.
        held_out: of so many images of that set one is held out, for validation.
        tests: sets of test images, by the beginning of the names of their columns.
        every: of so many test images of a set one is taken, by the name of the set; all of those that are not named.
        setting: setting of all trainings.
    """

    table: str
    space: str
    task: str
    training: str
    held_out: int
    tests: Mapping[str, str]
    every: Mapping[str, int]
    setting: RestorationSetting

    @property
    def problem(self) -> Restoration:
        """The problem that the networks are trained on."""
        return self.opened.problem

    @property
    def opened(self) -> SmallTrilevel | ModNas:
        """The space."""
        space = open_space(self.space)
        assert isinstance(space, (SmallTrilevel, ModNas))
        return space


PROTOCOLS = (
    Protocol(
        "trilevel-small",
        "trilevel-small",
        "super-resolution of Y by 2",
        "T91",
        7,
        {"Set5": "set5", "Set14": "set14"},
        {},
        RestorationSetting(epochs=2, steps=500, batch_size=16, image_size=16),
    ),
    Protocol(
        "mod-nas-small",
        "mod-nas",
        "removal of Gaussian noise of standard deviation 25 of 255",
        "Train400",
        20,
        {"Set12": "set12", "BSD68": "bsd68_fourth"},
        {"BSD68": 4},
        RestorationSetting(epochs=2, steps=500, batch_size=8, image_size=32),
    ),
)
_TINY = RestorationSetting(epochs=1, steps=2, batch_size=2, image_size=6)


def setting_of(protocol: Protocol, options: StudyOptions) -> RestorationSetting:
    """The setting of the trainings: the protocol's own, or one of two steps in a quick study."""
    return _TINY if options.quick else protocol.setting


def architectures_of(protocol: Protocol, count: int, seed: int) -> list[Architecture]:
    """`count` random architectures in canonical form, no two of one form; fewer are the first of more.

    Args:
        protocol: the benchmark.
        count: number of architectures.
        seed: seed of the draws.
    """
    return distinct_sample(protocol.opened, count, seed)


def images_of(protocol: Protocol, data: Path | None, *, quick: bool) -> StudyImages:
    """Training images, and as test sets the held-out ones and the sets of tests, by the beginning of their columns.

    A training image with the pixels of a held-out one is left out.

    Args:
        protocol: the benchmark.
        data: the folder of the sets, or one that has it; None for photographs.
        quick: whether photographs are taken in any case, and small parts of them restored.

    Raises:
        SettingError: missing or wrong images.
    """
    every = study_images(data, protocol.training, tuple(protocol.tests), quick=quick)
    held = every.training[:: protocol.held_out]
    known = {_pixels(image) for image in held}
    training = tuple(image for image in every.training if _pixels(image) not in known)
    tests = {f"{every.name.lower()}_valid": cut_small(held) if quick else held}
    for name, images in every.tests.items():
        column = PHOTOGRAPHS if name == PHOTOGRAPHS else protocol.tests[name]
        tests[f"{column}_test"] = images[:: protocol.every.get(name, 1)]
    return StudyImages(every.name, training, tests)


def _pixels(image: NamedImage) -> tuple[Sequence[int], bytes]:
    return image.pixels.shape, np.ascontiguousarray(image.pixels).tobytes()
