"""Problems of image restoration: the targets of a network are images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import SettingError, check_whole
from harness.problem import PICTURES, Problem
from harness.text.shown import shown

MOST = 16
"""Largest factor of a super-resolution."""


@dataclass(frozen=True)
class Restoration(Problem):
    """A problem whose networks map degraded images [N, C, H, W] to images [N, C, sH, sW], both of values about 0 to 1.

    Attributes:
        scale: s, by which a restored image is larger than its input; 1 for denoising.
        sigma: standard deviation of the noise, on the scale of values from 0 to 255; 0 for super-resolution.
    """

    scale: int = 1
    sigma: float = 0.0

    def output_shape(self, inputs: Sequence[int]) -> tuple[int, ...]:
        """Shape of the restored images of inputs [N, C, H, W].

        >>> super_resolution(4).output_shape([2, 3, 8, 9])
        (2, 3, 32, 36)
        """
        *before, height, width = inputs
        return (*before, self.scale * height, self.scale * width)


def denoising(sigma: float) -> Restoration:
    """The removal of white Gaussian noise of standard deviation `sigma`; images have values from 0 to 255 there.

    The default loss is the mean squared error, as of DnCNN (Zhang et al. 2017); losses are means over all values.

    Raises:
        SettingError: for a standard deviation that is not positive.
    """
    good = isinstance(sigma, (int, float)) and not isinstance(sigma, bool) and math.isfinite(sigma) and sigma > 0
    if not good:
        raise SettingError(f"sigma must be a positive number, such as 25 for images from 0 to 255; got {shown(sigma)}")
    losses = {name: PICTURES.losses[name] for name in ("mean_squared_error", "mean_absolute_error")}
    return Restoration(f"denoising-{sigma:g}", False, losses, "psnr", sigma=float(sigma))


def super_resolution(scale: int) -> Restoration:
    """The enlargement by `scale` of images that bicubic resizing made small (`harness.restoration.resize`).

    The default loss is the mean absolute error; losses are means over all values.

    Raises:
        SettingError: for a scale that is no whole number from 2 to 16.
    """
    check_whole("scale", scale, 2, SettingError, MOST)
    return Restoration(f"super-resolution-x{scale}", False, PICTURES.losses, "psnr", scale=scale)
