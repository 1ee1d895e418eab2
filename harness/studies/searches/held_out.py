"""Images for the trainings of what searches found, and test images that neither a search nor a training sees."""

from __future__ import annotations

from pathlib import Path

from harness.search.gradient.data import DIGITS, DIGITS_TEST, DIGITS_TRAINING, Images, read_images, resized
from harness.search.gradient.setting import SearchSetting
from harness.spaces.image_batches import read_cifar10


def without_test(data: str) -> str:
    """Data of the searches of a study that tests networks: of the digits their training part alone."""
    return DIGITS_TRAINING if data == DIGITS else data


def training_and_test(data: str, setting: SearchSetting, seed: int) -> tuple[Images, Images]:
    """The training images that a setting asks for, and all test images, of the same side.

    Args:
        data: the folder of CIFAR-10's binary files, or the training part of the digits (`without_test`).
        setting: its `image_size` and `images` are read; fewer images than these are enough.
        seed: seed of the choice of the training images.

    Raises:
        SearchError: as `read_images`.
        SettingError: a folder without CIFAR-10's test part.
    """
    training = read_images(data, setting, seed, at_most=True)
    if data == DIGITS_TRAINING:
        return training, read_images(DIGITS_TEST, SearchSetting(image_size=setting.image_size), seed)
    test = Images("cifar10-test", *read_cifar10(Path(data), "test"), natural=True)
    return training, test if setting.image_size is None else resized(test, setting.image_size)
