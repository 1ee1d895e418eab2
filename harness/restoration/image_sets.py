"""Sets of images, held to checksums of their pixels.

Photographs that scikit-image brings need no folder. The other sets have no clear licence and are no part of nasinit: a
folder holds a folder of PNG files for each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.errors import SettingError, unknown
from harness.restoration.extra import check_installed
from harness.restoration.resize import Pixels


@dataclass(frozen=True, eq=False)
class NamedImage:
    """An image.

    Attributes:
        name: name of the set and of the image, such as `Set5/baby`.
        pixels: 8-bit values, [H, W] for a grey image, [H, W, 3] in red, green and blue.
    """

    name: str
    pixels: Pixels


@dataclass(frozen=True)
class ImageSet:
    """A set of images.

    Attributes:
        summary: the set in a few words.
        count: number of images.
        digest: SHA-256 of the names and of the SHA-256 of the pixels of all images, in the order of their names.
        left_out: files that are not read, each with its reason.
    """

    summary: str
    count: int
    digest: str
    left_out: Mapping[str, str]


PHOTOGRAPHS = "photographs"
"""The set that comes with scikit-image."""
_OF_SCIKIT_IMAGE = ("astronaut", "camera", "chelsea", "coffee", "coins", "moon")
IMAGE_SETS: Mapping[str, ImageSet] = {
    PHOTOGRAPHS: ImageSet(
        "six photographs of scikit-image, three of them in colour",
        6,
        "d39a8aba0db5a9526776493c637c4708a9ee61d37678d55feabbf7282df9a20a",
        {},
    ),
    "Set5": ImageSet("in colour, for tests", 5, "1ef750e5abe1ad3085cc5160ccea926bb1142f35b19dd5b705821e7ce6500ee2", {}),
    "Set14": ImageSet(
        "13 in colour and one grey, for tests",
        14,
        "84ce8297568569479f1934aecb99ac8ecdd73c3be90fd61bd8f38372b6e5442e",
        {},
    ),
    "Set12": ImageSet("grey, for tests", 12, "c6304a82df17d5b21b6b36cde8feed7341ea73cf404b343b0c0e32a8d2c27c38", {}),
    "BSD68": ImageSet("grey, for tests", 68, "7bf58467e89e25da8d3458048f92313ad2862f5f525f3723c1a1481e23793df9", {}),
    "T91": ImageSet(
        "in colour, for training", 91, "1238aa61f32fcaea0a8769cf10ab16b58542bac4dba7f7750fe17989debf95f9", {}
    ),
    "Train400": ImageSet(
        "grey, 180 x 180, for training",
        399,
        "fe7a15295c31e891cfd26321ebb4c2d3b1f92f09a1cd6bea7f67b5c1aa18f0d8",
        {"test_020.png": "180 x 106 of its pixels are a part of Set12/04"},
    ),
}
"""The sets by name."""


def open_images(name: str, folder: Path | None = None) -> tuple[NamedImage, ...]:
    """The images of a set, in the order of their names.

    Args:
        name: a name of `IMAGE_SETS`, such as `photographs`, which needs no folder, or `Set5`.
        folder: the folder that holds the set's folder; None for `photographs`.

    Raises:
        SettingError: for an unknown set, without scikit-image, without the folder, or where the images are not those of
            the set.
    """
    if name not in IMAGE_SETS:
        raise SettingError(unknown("set of images", name, IMAGE_SETS))
    check_installed("skimage", "reading images")
    read = _photographs() if name == PHOTOGRAPHS else _from_files(name, folder)
    found = _digest(read)
    if found != IMAGE_SETS[name].digest:
        raise SettingError(
            f"the {len(read)} images in {folder / name if folder else 'scikit-image'} are not the "
            f"{IMAGE_SETS[name].count} of {name}: their digest is {found[:12]}…, expected "
            f"{IMAGE_SETS[name].digest[:12]}…"
        )
    return tuple(NamedImage(f"{name}/{file.removesuffix('.png')}", pixels) for file, pixels in read.items())


def _photographs() -> dict[str, Pixels]:
    from skimage import data

    return {f"{name}.png": getattr(data, name)() for name in _OF_SCIKIT_IMAGE}


def _from_files(name: str, folder: Path | None) -> dict[str, Pixels]:
    """The pixels of a set's files, by file in the order of their names."""
    if folder is None:
        raise SettingError(f"the set {name} needs the folder that holds its folder {name}; {PHOTOGRAPHS} needs none")
    files = sorted((folder / name).glob("*.png"), key=lambda file: file.name)
    if not files:
        raise SettingError(f"no PNG files in {folder / name}")
    return {file.name: _read(file) for file in files if file.name not in IMAGE_SETS[name].left_out}


def _read(file: Path) -> Pixels:
    from PIL import Image  # scikit-image and matplotlib need it, too

    try:
        with Image.open(file) as image:
            return np.array(image)
    except (OSError, ValueError, SyntaxError) as error:
        raise SettingError(f"{file} is not an image that can be read: {error}") from error


def _digest(images: Mapping[str, Pixels]) -> str:
    lines = (f"{file} {hashlib.sha256(pixels.tobytes()).hexdigest()}\n" for file, pixels in sorted(images.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
