"""The sizes of the study: in small, for a laptop, and in full; and its fixed policies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.search.gradient.daas.sub_policies import SubPolicy, name_of, pairs
from harness.search.gradient.policy_choices import PLANTED

if TYPE_CHECKING:
    from harness.studies.options import StudyOptions


class Policy(NamedTuple):
    """A policy of augmentations that a network is trained under.

    Attributes:
        name: name in tables.
        crops: whether images are cropped and flipped first.
        sub_policies: the sub-policies; none where images stay as they are.
        probabilities: probability of each sub-policy.
    """

    name: str
    crops: bool
    sub_policies: tuple[SubPolicy, ...] = ()
    probabilities: tuple[float, ...] = ()

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of all but the name."""
        content = json.dumps([self.crops, list(map(name_of, self.sub_policies)), self.probabilities])
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @classmethod
    def even(cls, name: str, operations: tuple[str, ...]) -> Policy:
        """All pairs of operations with equal probabilities, after crop and flip."""
        found = tuple(pairs(operations, _CHOICE, _CHOICE))
        return cls(name, True, found, (1 / len(found),) * len(found))


class Sizes(NamedTuple):
    """The sizes of the study.

    Attributes:
        quantiles: places of the cells among all cells in the order of their tabulated accuracy, 1 for the best.
        replicates: trainings of each cell under each policy.
        images: training images.
        image_size: side of the images in pixels.
        width: channels of the first stage.
        depth: cells a stage.
        epochs: epochs of a training.
        search: values of the searches' setting.
        runs: searches of each arm.
    """

    quantiles: tuple[float, ...]
    replicates: int
    images: int
    image_size: int
    width: int
    depth: int
    epochs: int
    search: Mapping[str, Any]
    runs: int


_CHOICE = (0.5,)
POLICIES = (
    Policy("none", False),
    Policy("crop and flip", True),
    Policy.even("colour", ("brightness", "contrast", "color", "sharpness")),
    Policy.even("geometry", ("shear_x", "shear_y", "rotate")),
)
"""The fixed policies; the last two after crop and flip."""
_CELLS = (1.0, 0.9, 0.7, 0.5, 0.3, 0.1)
_SMALL: Mapping[str, Any] = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 16, "images": 64, "width": 4}
QUICK = Sizes((1.0, 0.5), 2, 64, 8, 4, 1, 1, {**_SMALL, "image_size": 8}, 1)
LAPTOP = Sizes(_CELLS, 2, 1000, 16, 8, 1, 6, {"epochs": 8, "images": 2048, "width": 8}, 3)
FULL = Sizes(_CELLS, 2, 5000, 32, 8, 1, 15, {"image_size": 32, "images": 10_000, "width": 8}, 3)

OPERATIONS = ("shear_x", "translate_x", "rotate", "contrast", "color", "sharpness", "cutout")
"""Operations of the searches of the planted one, which is the eighth."""
PLANTED_OPERATIONS = (*OPERATIONS, PLANTED)


def sizes_of(options: StudyOptions) -> Sizes:
    """The sizes that the options ask for: `quick`, `full`, else those of a laptop."""
    sizes = QUICK if options.quick else FULL if options.full else LAPTOP
    return sizes if options.runs is None else sizes._replace(runs=options.runs)
