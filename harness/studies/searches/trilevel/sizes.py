"""Arms, images and sizes of the study of the trilevel search."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harness.search import find_method
from harness.search.gradient.setting import SearchSetting
from harness.spaces import open_space
from harness.spaces.trilevel.small import SmallTrilevel
from harness.studies.options import StudyOptions
from harness.studies.searches.restored.images import StudyImages, study_images
from harness.studies.searches.restored.searches import Search
from harness.training.restored import RestorationSetting

SPACE = "trilevel-small"
MAIN = "sparsestmax"
"""The arm that has all seeds; the others, which change one value, have the first one."""
ORDER_WEIGHTS = (0.0, 1e-2)


@dataclass(frozen=True)
class Sizes:
    """The size of the study.

    Attributes:
        seeds: number of searches of the main arm, and of trainings of each kind of network.
        randoms: random architectures for each seed.
        search: setting of the main arm's searches.
        training: setting of all trainings but those of equal time.
        most_time: largest number of times that the equal-time network is trained as long.
    """

    seeds: int
    randoms: int
    search: SearchSetting
    training: RestorationSetting
    most_time: int


def sizes_of(options: StudyOptions) -> Sizes:
    """The size that the options ask for; `runs` is the number of seeds."""
    setting = find_method("trilevel").setting(SPACE, "laptop")
    full = Sizes(3, 3, setting, RestorationSetting(epochs=10, steps=200, image_size=16), 25)
    if options.quick:
        tiny = {"epochs": 3, "alpha_warm_up": 1, "steps_per_epoch": 1, "batch_size": 2, "image_size": 6, "images": 8}
        training = RestorationSetting(epochs=1, steps=2, batch_size=2, image_size=6)
        full = Sizes(1, 1, setting.changed({**tiny, "evaluation_batches": 1}), training, 2)
    return full if options.runs is None else replace(full, seeds=options.runs)


def searches_of(sizes: Sizes, seed: int) -> list[Search]:
    """All searches: those of the main arm, and one of each other arm, under the first seed."""
    found = [Search(MAIN, sizes.search, seed + number) for number in range(sizes.seeds)]
    for sparsity in ("sparsemax", "softmax"):
        found.append(Search(sparsity, sizes.search.changed({"sparsity": sparsity}), seed))
    for weight in ORDER_WEIGHTS:
        found.append(Search(f"order {weight:g}", sizes.search.changed({"order_weight": weight}), seed))
    return found


def small_space() -> SmallTrilevel:
    """The space of the study."""
    space = open_space(SPACE)
    assert isinstance(space, SmallTrilevel)
    return space


def images_of(data: Path | None, *, quick: bool) -> StudyImages:
    """T91 to train on, Set5 and Set14 to test on, or photographs (`study_images`)."""
    return study_images(data, "T91", ("Set5", "Set14"), quick=quick)
