"""Crops of images with their degraded ones, for training."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.errors import SettingError
from harness.restoration.colour import luma
from harness.restoration.degradations import clean, degraded
from harness.restoration.image_sets import NamedImage
from harness.restoration.problems import Restoration
from harness.restoration.resize import Pixels

_COLOURS = 3
_QUARTERS = 4


class Crops:
    """Images with their degraded ones, from which crops are drawn.

    A whole image is made small before it is cropped, so that a crop's border has seen what lies outside; noise is drawn
    for each crop. With one channel an image is its Y in 8 bits, whose small one is not rounded; with three, images in
    colour are made small in 8 bits, and grey ones are left out: what `harness.restoration.evaluate` gives networks.

    Args:
        images: the images.
        problem: a denoising or a super-resolution; s is its scale.
        channels: 1 or 3.

    Raises:
        SettingError: for another number of channels, or no image with as many.
    """

    def __init__(self, images: Sequence[NamedImage], problem: Restoration, channels: int = 1) -> None:
        if channels not in (1, _COLOURS):
            raise SettingError(f"images have 1 channel (Y) or 3 (red, green, blue), got {channels}")
        self.problem = problem
        self._large: list[Pixels] = []
        self._small: list[Pixels] = []
        for image in images:
            if channels == 1 or image.pixels.ndim == _COLOURS:
                self._add(luma(image.pixels)[:, :, None] if channels == 1 else image.pixels)
        if not self._large:
            raise SettingError(f"none of {len(images)} images has {channels} channels")

    def _add(self, pixels: Pixels) -> None:
        large = clean(pixels, self.problem)
        self._large.append(large)
        if self.problem.scale == 1:
            self._small.append(large)
        else:
            grey = large.shape[2] == 1
            self._small.append(degraded(large.astype(np.float64) if grey else large, self.problem))

    def __len__(self) -> int:
        return len(self._large)

    def digest(self) -> str:
        """16 hexadecimal digits of the problem and of all pixels."""
        sha = hashlib.sha256(f"{self.problem.name} {[each.shape for each in self._large]}".encode())
        for each in self._large:
            sha.update(np.ascontiguousarray(each).tobytes())
        return sha.hexdigest()[:16]

    def drawn(self, count: int, side: int, seed: int) -> tuple[Tensor, Tensor]:
        """Degraded crops [N, C, H, H] and clean ones [N, C, sH, sH], values about 0 to 1.

        All places in all images are equally likely, and so are the eight turned and mirrored forms of each.

        Args:
            count: N.
            side: H.
            seed: seed of the places, the forms and the noise.

        Raises:
            SettingError: for a side that is longer than those of all images.
        """
        free = np.array([max(0, each.shape[0] - side + 1) * max(0, each.shape[1] - side + 1) for each in self._small])
        if not free.any():
            raise SettingError(f"crops of {side} x {side} pixels do not fit into any of {len(self)} degraded images")
        generator = np.random.default_rng(seed)
        small, large = [], []
        for _ in range(count):
            image = int(generator.choice(len(free), p=free / free.sum()))
            top, left = (int(generator.integers(length - side + 1)) for length in self._small[image].shape[:2])
            form = int(generator.integers(2 * _QUARTERS))
            small.append(_formed(self._small[image], top, left, side, form))
            scale = self.problem.scale
            large.append(_formed(self._large[image], scale * top, scale * left, scale * side, form))
        inputs, targets = (np.stack(each).astype(np.float32) for each in (small, large))
        if self.problem.scale == 1:
            inputs += (self.problem.sigma * generator.standard_normal(inputs.shape)).astype(np.float32)
        return _scaled(inputs), _scaled(targets)


def _formed(pixels: Pixels, top: int, left: int, side: int, form: int) -> Pixels:
    """A square of an image, turned by quarters and, in the second half of the forms, mirrored."""
    square = np.rot90(pixels[top : top + side, left : left + side], form % _QUARTERS)
    return square[:, ::-1] if form >= _QUARTERS else square


def _scaled(stacked: NDArray[np.float32]) -> Tensor:
    """Images [N, H, W, C] of values from 0 to 255 as [N, C, H, W] of values from 0 to 1."""
    return torch.from_numpy(stacked / 255).movedim(3, 1).contiguous()
