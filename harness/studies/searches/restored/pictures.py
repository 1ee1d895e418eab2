"""Crops of test images for a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.restoration.classical import Method
from harness.restoration.colour import luma, rounded
from harness.restoration.degradations import clean, degraded
from harness.restoration.image_sets import NamedImage
from harness.restoration.problems import Restoration
from harness.restoration.protocol import evaluate, restored_image
from harness.restoration.resize import Pixels
from harness.studies.searches.restored.images import StudyImages

if TYPE_CHECKING:
    from harness.report.figures.restored import Tile

_SIDE = 64


def rows_of(
    images: StudyImages, methods: Mapping[str, Method], problem: Restoration, wanted: Sequence[str]
) -> list[tuple[str, list[Tile]]]:
    """Name and tiles of each shown image: the small image, what the methods make of it, and the true one.

    Args:
        images: the images of the study.
        methods: networks and functions by the name that stands above their tiles.
        problem: how images are degraded.
        wanted: names of the images that are shown, where the test sets have them; else the first ones.
    """
    return [(image.name.partition("/")[2], _tiles(image, methods, problem)) for image in _shown(images, wanted)]


def busiest(pixels: Pixels, side: int) -> tuple[int, int]:
    """Top and left, multiples of 8, of the square whose neighbouring pixels differ most, in an image [H, W]."""
    values = pixels.astype(np.float64)
    detail = np.zeros_like(values)
    detail[1:] += np.abs(np.diff(values, axis=0))
    detail[:, 1:] += np.abs(np.diff(values, axis=1))
    sums = np.pad(detail.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    places = [
        (top, left) for top in range(0, len(values) - side + 1, 8) for left in range(0, values.shape[1] - side + 1, 8)
    ]

    def inside(place: tuple[int, int]) -> float:
        top, left = place
        bottom, right = top + side, left + side
        return float(sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left])

    return max(places, key=inside)


def _shown(images: StudyImages, wanted: Sequence[str]) -> Sequence[NamedImage]:
    every = [image for tests in images.tests.values() for image in tests]
    found = [image for image in every if image.name.partition("/")[2] in wanted]
    return found or every[: len(wanted)]


def _tiles(image: NamedImage, methods: Mapping[str, Method], problem: Restoration) -> list[Tile]:
    from harness.report.figures.restored import Tile

    whole = clean(luma(image.pixels), problem)
    small = degraded(luma(image.pixels).astype(np.float64), problem, name=image.name)
    side = min(_SIDE, *whole.shape)
    top, left = busiest(whole, side)

    def cropped(pixels: Pixels, scale: int = 1) -> Pixels:
        return pixels[top // scale : (top + side) // scale, left // scale : (left + side) // scale]

    tiles = [Tile("input", cropped(small, problem.scale))]
    for name, method in methods.items():
        restored = rounded(restored_image(method, small, problem))
        tiles.append(Tile(name, cropped(restored), evaluate(method, [image], problem).psnr))
    return [*tiles, Tile("truth", cropped(whole))]
