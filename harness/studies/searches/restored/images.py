"""The images of a study of restoring networks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harness.errors import SettingError
from harness.restoration.image_sets import PHOTOGRAPHS, NamedImage, open_images
from harness.studies.searches.kept import check_key

_TRAINED_PHOTOGRAPHS = 4
_QUICK_SIDE = 48
KEY_FILE = "images.json"


class StudyImages(NamedTuple):
    """The images: name and images of the training set, and the test sets by name."""

    name: str
    training: tuple[NamedImage, ...]
    tests: dict[str, tuple[NamedImage, ...]]

    def key(self) -> dict[str, str]:
        """16 hexadecimal digits of the names and pixels of each set, by its name; `training` is that of the first."""
        return {"training": _digest(self.training), **{name: _digest(tests) for name, tests in self.tests.items()}}


def study_images(data: Path | None, training: str, tests: Sequence[str], *, quick: bool) -> StudyImages:
    """The images of a folder that holds the named sets, or has a folder `restoration` that does; photographs for None.

    Of scikit-image's photographs four are for training and two for tests. The quick study has small parts of tests.

    Args:
        data: the folder; None for photographs.
        training: name of the set that networks are trained on.
        tests: names of the sets that they are tested on.
        quick: whether photographs are taken in any case.

    Raises:
        SettingError: a folder without the training set, missing images, or photographs without scikit-image.
    """
    places = [] if data is None else [data, data / "restoration"]
    folder = next((each for each in places if (each / training).is_dir()), None)
    if data is not None and folder is None and not quick:
        raise SettingError(f"--data {data} holds no folder {training}, nor does its folder restoration")
    if folder is None or quick:
        every = open_images(PHOTOGRAPHS)
        found = {PHOTOGRAPHS: every[_TRAINED_PHOTOGRAPHS:]}
        cut = {each: cut_small(images) if quick else tuple(images) for each, images in found.items()}
        return StudyImages(PHOTOGRAPHS, tuple(every[:_TRAINED_PHOTOGRAPHS]), cut)
    return StudyImages(
        training, tuple(open_images(training, folder)), {test: tuple(open_images(test, folder)) for test in tests}
    )  # fmt: skip


def cut_small(images: Sequence[NamedImage]) -> tuple[NamedImage, ...]:
    """The upper left parts of images, for a quick study."""
    return tuple(NamedImage(image.name, image.pixels[:_QUICK_SIDE, :_QUICK_SIDE]) for image in images)


def shown_images(images: StudyImages) -> StudyImages:
    """The images whose crops a figure shows: photographs of scikit-image, which networks have not seen in training.

    The test sets have no clear licence, so that no part of them is copied into a picture.
    """
    if images.name == PHOTOGRAPHS:
        return images
    return images._replace(tests={PHOTOGRAPHS: tuple(open_images(PHOTOGRAPHS))})


def check_images(images: StudyImages, out: Path) -> None:
    """Refuse a folder whose trainings and qualities are of other images; its `images.json` says of which.

    Raises:
        SettingError: other images.
    """
    check_key(out / KEY_FILE, (), images.key())


def _digest(images: Sequence[NamedImage]) -> str:
    sha = hashlib.sha256()
    for image in images:
        sha.update(f"{image.name} {image.pixels.shape}".encode())
        sha.update(np.ascontiguousarray(image.pixels).tobytes())
    return sha.hexdigest()[:16]
