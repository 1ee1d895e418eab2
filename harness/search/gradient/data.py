"""Training images of a search, in two parts: one for the weights, one for the architecture parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from harness.batches import Batch
from harness.errors import SearchError, SettingError
from harness.search.gradient.setting import SearchSetting
from harness.setting import derived_seed
from harness.spaces.image_batches import read_cifar10
from harness.spaces.space import Space

DIGITS, DIGITS_TRAINING, DIGITS_TEST = "digits", "digits-training", "digits-test"
"""scikit-learn's digits, all of them; the first four fifths; and the others."""
_DIGITS_TRAINING_SHARE = 0.8
CHANNELS = 3
CLASSES = 10
_PADDING = 4
_LARGEST_DIGIT = 16  # scikit-learn's digits count the dark pixels of 4 × 4 blocks


@dataclass(frozen=True)
class Images:
    """Training images with labels.

    Attributes:
        name: name of the source, such as `digits`, `noise` or `cifar10`.
        pixels: images [M, 3, H, H], whole numbers from 0 to 255, or floating point values that are used as they are.
        labels: classes, [M].
        natural: whether a cropped or mirrored image keeps its class, so that it can be augmented.
    """

    name: str
    pixels: Tensor
    labels: Tensor
    natural: bool = False

    def __len__(self) -> int:
        return len(self.pixels)

    def at(self, places: Tensor) -> Images:
        """The images at some places, [N], in that order."""
        return replace(self, pixels=self.pixels[places], labels=self.labels[places])

    def digest(self) -> str:
        """16 hexadecimal digits of the content."""
        sha = hashlib.sha256(f"{self.name} {tuple(self.pixels.shape)}".encode())
        for tensor in (self.pixels, self.labels):
            sha.update(tensor.contiguous().numpy().tobytes())
        return sha.hexdigest()[:16]


class Normalisation(NamedTuple):
    """Mean and standard deviation of each channel, [1, C, 1, 1], by which values from 0 to 1 are normalised."""

    mean: Tensor
    deviation: Tensor

    def inputs(self, pixels: Tensor) -> Tensor:
        """Values from 0 to 1 as a network takes them."""
        return (pixels - self.mean.to(pixels.device)) / self.deviation.to(pixels.device)

    def pixels(self, inputs: Tensor) -> Tensor:
        """What a network takes, as values from 0 to 1."""
        return (inputs * self.deviation.to(inputs.device) + self.mean.to(inputs.device)).clamp(0, 1)


@dataclass(frozen=True)
class Split:
    """The two parts of the images, from which normalised batches are drawn.

    Attributes:
        images: all images.
        training: indices of the part that trains the weights.
        validation: indices of the part that trains the architecture parameters.
        mean: mean of each channel over all images.
        deviation: standard deviation of each channel over all images.
    """

    images: Images
    training: Tensor
    validation: Tensor
    mean: Tensor
    deviation: Tensor

    @property
    def normalisation(self) -> Normalisation | None:
        """How the images are normalised; None for floating point values, which are used as they are."""
        return None if self.images.pixels.is_floating_point() else Normalisation(self.mean, self.deviation)

    @property
    def identity(self) -> str:
        """Name and content of the images as text."""
        return f"{self.images.name} {self.images.digest()}"

    def sizes(self, setting: SearchSetting, space: Space) -> dict[str, int]:
        """The sizes of the supernet of a space, those that it has."""
        channels = CHANNELS if space.problem.classes else self.images.pixels.shape[1]
        sizes = {"classes": CLASSES, "channels": channels, "width": setting.width, "depth": setting.depth}
        return {name: size for name, size in sizes.items() if name in space.shape}

    def shape(self, setting: SearchSetting) -> tuple[int, ...]:
        """Shape of a batch, [N, channels, H, W]."""
        return (setting.batch_size, *self.images.pixels.shape[1:])

    def evaluation_batches(self, setting: SearchSetting) -> int:
        """Batches over which the logged loss is averaged: the setting's number, or all full ones."""
        return min(setting.evaluation_batches, len(self.validation) // setting.batch_size)

    def steps(self, setting: SearchSetting) -> int:
        """Steps per epoch: the setting's, or the full batches of the part that trains the weights.

        A part with fewer batches than an epoch has steps is used repeatedly.

        Raises:
            SearchError: a part is less than one batch.
        """
        smaller = min(len(self.training), len(self.validation))
        if smaller < setting.batch_size:
            raise SearchError(
                f"a part of {smaller:,} images of {self.images.name} (validation_share {setting.validation_share:g}) "
                f"is less than one batch: take a batch_size below {setting.batch_size:,}, more images, or another share"
            )
        return setting.steps_per_epoch or len(self.training) // setting.batch_size

    def batches(self, part: str, setting: SearchSetting, seed: int, epoch: int, count: int) -> Iterator[Batch]:
        """`count` batches of a part in an order that follows from (seed, epoch); augmented if the setting says so."""
        places = self.training if part == "training" else self.validation
        generator = torch.Generator().manual_seed(derived_seed(seed, "search", "order", part, str(epoch)))
        order = torch.empty(0, dtype=torch.long)
        for _ in range(count):
            if len(order) < setting.batch_size:
                order = places[torch.randperm(len(places), generator=generator, device="cpu")]
            chosen, order = order[: setting.batch_size], order[setting.batch_size :]
            batch = self.batch(chosen)
            if setting.augment and self.images.natural:
                batch = Batch(cropped_and_flipped(batch.inputs, generator), batch.labels)
            yield batch

    def batch(self, places: Tensor) -> Batch:
        """The images at these indices; whole numbers are normalised by the channels' mean and standard deviation."""
        pixels = self.images.pixels[places]
        if self.normalisation is not None:
            pixels = self.normalisation.inputs(pixels.float() / 255)
        return Batch(pixels, self.images.labels[places])


def read_images(data: str | Path, setting: SearchSetting, seed: int, *, at_most: bool = False) -> Images:
    """The images that `data` names, of the setting's size and number.

    Args:
        data: `digits` (scikit-learn's 1,797 grey images of side 8, in three equal channels), their first four fifths
            (`digits-training`) or the others (`digits-test`), `noise` (standard normal inputs with random labels, drawn
            from the seed), or the folder of CIFAR-10's binary files.
        setting: the search's setting, of which `image_size` and `images` are read; noise has by default side 32 and as
            many images as an epoch needs.
        seed: seed of the noise, and of the choice of images.
        at_most: whether fewer images than `setting.images` are enough, as with the number of a preset.

    Raises:
        SearchError: for a folder that is not CIFAR-10's, more images than there are, or a side that cannot be reached
            by averaging or repeating pixels.
    """
    if str(data) == "noise":
        return _noise(setting, seed)
    if str(data) in (DIGITS, DIGITS_TRAINING, DIGITS_TEST):
        images = _digits(str(data))
    else:
        try:
            pixels, labels = read_cifar10(Path(data))
        except SettingError as error:
            raise SearchError(f"--data takes digits, noise or the folder of CIFAR-10: {error}") from error
        images = Images("cifar10", pixels, labels, natural=True)
    if setting.images is not None and setting.images > len(images) and not at_most:
        raise SearchError(
            f"images must be at most {len(images):,}, as many as {images.name} has; got {setting.images:,}"
        )
    if setting.images is not None and setting.images < len(images):
        chosen = torch.randperm(len(images), generator=_generator(seed, "images"), device="cpu")[: setting.images]
        images = images.at(chosen)
    return images if setting.image_size is None else resized(images, setting.image_size)


def with_images(setting: SearchSetting, images: Images) -> SearchSetting:
    """The setting with the real number of images, if it gives a number."""
    return setting if setting.images is None else setting.changed({"images": len(images)})


def split_images(images: Images, validation_share: float, seed: int) -> Split:
    """The two parts, drawn from the seed, with the images' channel means and standard deviations.

    Args:
        images: M images.
        validation_share: share s of the architecture parameters' part, which has ⌊sM⌋ images; the weights' has
            ⌊(1 − s)M⌋, so that one image may be in neither. s is taken as it is written: 0.1 of 10 is 1.
        seed: seed of the draw.
    """
    middle, wanted = parts_of(len(images), validation_share)
    order = torch.randperm(len(images), generator=_generator(seed, "halves"), device="cpu")
    return Split(images, order[:middle], order[middle : middle + wanted], *channel_moments(images))


def channel_moments(images: Images) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel over all images, [1, 3, 1, 1]; whole numbers count from 0 to 1."""
    flat = images.pixels.transpose(0, 1).flatten(1)
    scaled = flat.double() if flat.is_floating_point() else flat.double() / 255
    mean, deviation = (value.float().view(1, -1, 1, 1) for value in (scaled.mean(dim=1), scaled.std(dim=1)))
    return mean, deviation


def parts_of(images: int, validation_share: float) -> tuple[int, int]:
    """Number of the images that train the weights, and of those that train the architecture parameters."""
    share = Fraction(repr(float(validation_share)))
    return int((1 - share) * images), int(share * images)


def resized(images: Images, side: int) -> Images:
    """The images with the given side: blocks of pixels are averaged, or pixels are repeated.

    Raises:
        SearchError: if neither side divides the other.
    """
    own = images.pixels.shape[-1]
    if own % side == 0:
        averaged = functional.avg_pool2d(images.pixels.float(), own // side)
        pixels = averaged if images.pixels.is_floating_point() else averaged.round().to(images.pixels.dtype)
    elif side % own == 0:
        pixels = images.pixels.repeat_interleave(side // own, dim=2).repeat_interleave(side // own, dim=3)
    else:
        raise SearchError(f"image_size must divide {own}, the side of {images.name}, or be divided by it; got {side}")
    return replace(images, pixels=pixels)


def cropped_and_flipped(inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Augmented images [N, C, H, W]: each is shifted by up to four pixels, and mirrored with probability ½."""
    count, _, height, width = inputs.shape
    padded = functional.pad(inputs, (_PADDING,) * 4)
    corners = torch.randint(2 * _PADDING + 1, (count, 2), generator=generator, device="cpu").tolist()
    flipped = torch.randint(2, (count,), generator=generator, dtype=torch.bool, device="cpu")
    crops = torch.stack(
        [image[:, top : top + height, left : left + width] for image, (top, left) in zip(padded, corners, strict=True)]
    )
    return torch.where(flipped[:, None, None, None], crops.flip(3), crops)


def _digits(name: str) -> Images:
    from sklearn.datasets import load_digits

    loaded = load_digits()
    grey = torch.from_numpy(loaded.images).mul(255 / _LARGEST_DIGIT).round().to(torch.uint8)
    images = Images(name, grey[:, None].expand(-1, CHANNELS, -1, -1).contiguous(), torch.from_numpy(loaded.target))
    middle = int(_DIGITS_TRAINING_SHARE * len(images))
    parts = {DIGITS: slice(None), DIGITS_TRAINING: slice(middle), DIGITS_TEST: slice(middle, None)}
    return images.at(torch.arange(len(images), device="cpu")[parts[name]])


def _noise(setting: SearchSetting, seed: int) -> Images:
    generator = _generator(seed, "noise")
    side = setting.image_size or 32
    count = setting.images or 2 * setting.batch_size * (setting.steps_per_epoch or 10)
    pixels = torch.randn(count, CHANNELS, side, side, generator=generator, dtype=torch.float32, device="cpu")
    return Images("noise", pixels, torch.randint(CLASSES, (count,), generator=generator, device="cpu"))


def _generator(seed: int, purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(derived_seed(seed, "search", purpose))
