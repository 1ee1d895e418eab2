"""Batches of images: noise, or images from CIFAR-10's official binary files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harness.batches import Batch
from harness.errors import SettingError, unknown
from harness.setting import INPUTS, NOISE, Setting, derived_seed
from harness.spaces.image_sizes import CIFAR10

_CIFAR_MEAN = (0.4914, 0.4822, 0.4465)
_CIFAR_STD = (0.2470, 0.2435, 0.2616)
_CIFAR_SHAPE = (3, 32, 32)
_CIFAR_RECORD = 1 + 3 * 32 * 32  # one byte label, then the pixels in channel, row, column order
_PATTERNS = {"training": "data_batch_*.bin", "test": "test_batch.bin"}


def draw_images(setting: Setting, data: Path | None = None) -> Batch:
    """The batch of images that `setting` describes; the same setting gives the same batch.

    Args:
        setting: describes the batch. `gaussian` inputs are standard normal, `uniform` inputs lie in [0, 1); labels are
            uniform over the classes unless they are `true`. `cifar10` draws training images without replacement,
            scaled to [0, 1] and normalised by the channel means and standard deviations of the training set. A size
            that the setting's shape does not give is CIFAR-10's (`CIFAR10`).
        data: the folder of CIFAR-10's official binary files, for `cifar10`.

    Raises:
        SettingError: for an unknown input, images without a folder, a folder without the files, or a setting that does
            not fit the images.
    """
    if setting.input == "given":
        raise SettingError("a setting with input 'given' needs its batch: pass batch=harness.Batch(inputs, labels)")
    if setting.input not in INPUTS:
        raise SettingError(unknown("input", setting.input, (*INPUTS, "given")))
    if setting.labels == "true" and setting.input in NOISE:
        raise SettingError(f"labels 'true' need images: input {setting.input!r} is noise and has none")
    sizes = {**CIFAR10, **setting.shape}
    generator = torch.Generator().manual_seed(derived_seed(setting.seed, "batch"))
    if setting.input == "cifar10":
        inputs, labels = _draw_cifar10(setting, sizes, data, generator)
    else:
        shape = (setting.batch_size, sizes["channels"], sizes["image_size"], sizes["image_size"])
        draw = torch.randn if setting.input == "gaussian" else torch.rand
        inputs = draw(shape, generator=generator, dtype=torch.float32, device="cpu")
        labels = torch.zeros(setting.batch_size, dtype=torch.long, device="cpu")
    if setting.labels == "random":
        labels = torch.randint(sizes["classes"], (setting.batch_size,), generator=generator, device="cpu")
    return Batch(inputs, labels)


def _draw_cifar10(
    setting: Setting, sizes: Mapping[str, int], data: Path | None, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    if (sizes["channels"], sizes["image_size"], sizes["image_size"]) != _CIFAR_SHAPE:
        raise SettingError(
            f"CIFAR-10 images are 3 x 32 x 32; the setting asks for {sizes['channels']} channels "
            f"and image_size {sizes['image_size']}"
        )
    if setting.labels == "true" and sizes["classes"] < 10:
        raise SettingError(f"CIFAR-10 has 10 classes; the setting's network has only {sizes['classes']} outputs")
    images, labels = read_cifar10(data)
    if setting.batch_size > len(images):
        raise SettingError(f"batch_size {setting.batch_size} is more than the {len(images)} training images in {data}")
    chosen = torch.randperm(len(images), generator=generator, device="cpu")[: setting.batch_size]
    pixels = images[chosen].float() / 255
    mean, std = (
        torch.tensor(values, dtype=torch.float32, device="cpu").view(1, 3, 1, 1) for values in (_CIFAR_MEAN, _CIFAR_STD)
    )
    return (pixels - mean) / std, labels[chosen]


def read_cifar10(folder: Path | None, part: str = "training") -> tuple[Tensor, Tensor]:
    """Images [M, 3, 32, 32] uint8 and labels [M] of CIFAR-10's official binary files (Krizhevsky 2009).

    Args:
        folder: folder of the files.
        part: `training`, of all training batches, or `test`.

    Raises:
        SettingError: naming the folder or file, and what was expected in it.
    """
    if folder is None:
        raise SettingError(
            "input 'cifar10' needs the folder of CIFAR-10's binary files (data_batch_1.bin …): "
            "give --data FOLDER, or set NASINIT_DATA to the folder that holds cifar-10-batches-bin"
        )
    pattern = _PATTERNS[part]
    files = sorted(folder.glob(pattern))
    if not files:
        raise SettingError(f"no {pattern} in {folder}: expected the folder of CIFAR-10's binary version")
    records = []
    for file in files:
        content = np.fromfile(file, dtype=np.uint8)
        if content.size == 0 or content.size % _CIFAR_RECORD:
            raise SettingError(
                f"{file} has {content.size:,} bytes, not a multiple of {_CIFAR_RECORD:,}: "
                "it is truncated, or not a binary batch of CIFAR-10"
            )
        records.append(content.reshape(-1, _CIFAR_RECORD))
    stacked = torch.from_numpy(np.concatenate(records))
    if int(stacked[:, 0].max()) > 9:
        raise SettingError(f"{folder} holds a label {int(stacked[:, 0].max())}: CIFAR-10 has 0 to 9")
    return stacked[:, 1:].reshape(-1, *_CIFAR_SHAPE), stacked[:, 0].long()
