"""The images of a search for restoring networks: crops, and their degraded ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import SearchError, SettingError
from harness.restoration.crops import Crops
from harness.restoration.image_sets import IMAGE_SETS, PHOTOGRAPHS, open_images
from harness.restoration.problems import Restoration
from harness.search.gradient.data import Images, read_images
from harness.setting import derived_seed

if TYPE_CHECKING:
    from harness.search.gradient.setting import SearchSetting
    from harness.spaces.space import Space


def images_for(space: Space, data: str | Path, setting: SearchSetting, seed: int, *, at_most: bool = False) -> Images:
    """The images that `data` names, as a search of a space takes them.

    Args:
        space: the space; for one of image classifiers the rest is `harness.search.gradient.data.read_images`.
        data: for one of restoring networks `photographs`, or the folder of one of the other image sets, such as
            `FOLDER/T91`.
        setting: the search's setting. Of it `images` degraded crops of `image_size` pixels on a side are drawn, by
            default those of one epoch in both parts; each has its clean crop in the place of a label.
        seed: seed of the crops.
        at_most: as in `read_images`.

    Raises:
        SearchError: for an unknown set, missing images, or crops that do not fit into them.
    """
    if not isinstance(space.problem, Restoration):
        return read_images(data, setting, seed, at_most=at_most)
    folder = None if str(data) == PHOTOGRAPHS else Path(data)
    name = PHOTOGRAPHS if folder is None else folder.name
    if name not in IMAGE_SETS:
        named = ", ".join(f"FOLDER/{each}" for each in IMAGE_SETS if each != PHOTOGRAPHS)
        raise SearchError(f"--data takes {PHOTOGRAPHS}, or a set of images as {named}; got {data}")
    try:
        crops = Crops(
            open_images(name, None if folder is None else folder.parent), space.problem, space.shape["channels"].default
        )
        return drawn_pairs(crops, name, space, setting, seed)
    except SettingError as error:
        raise SearchError(f"--data {data}: {error}") from error


def drawn_pairs(crops: Crops, name: str, space: Space, setting: SearchSetting, seed: int) -> Images:
    """Crops as the images of a search, of the setting's size and number; see `images_for`.

    Args:
        crops: the images that they are drawn from.
        name: name of these images, part of what a search is known by.
        space: the space, whose own size is taken where the setting has none.
        setting: the search's setting.
        seed: seed of the search.

    Raises:
        SettingError: for crops that do not fit into the images.
    """
    count = setting.images or 2 * setting.batch_size * (setting.steps_per_epoch or 10)
    side = setting.image_size or space.shape["image_size"].default
    return Images(name, *crops.drawn(count, side, derived_seed(seed, "search", "crops")))
