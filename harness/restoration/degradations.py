"""Degraded images: what a restoring network is given."""

from __future__ import annotations

import numpy as np

from harness.restoration.problems import Restoration
from harness.restoration.resize import Pixels, cut_to_multiple, shrunk
from harness.setting import derived_seed


def noisy(image: Pixels, sigma: float, seed: int, name: str) -> Pixels:
    """The image with white Gaussian noise, neither clipped nor rounded, as in DnCNN's tests (Zhang et al. 2017).

    Args:
        image: values from 0 to 255.
        sigma: standard deviation of the noise.
        seed: seed of the noise.
        name: name of the image. The noise follows from the seed, the name and the shape alone, whatever the order of
            the images or the process.
    """
    generator = np.random.default_rng(derived_seed(seed, "noise", name))
    return image.astype(np.float64) + sigma * generator.standard_normal(image.shape)


def clean(image: Pixels, problem: Restoration) -> Pixels:
    """The image that the restored one is compared with: its sides are cut to multiples of the scale."""
    return cut_to_multiple(image, problem.scale)


def degraded(image: Pixels, problem: Restoration, *, seed: int = 0, name: str = "") -> Pixels:
    """The degraded image, whose restored one is compared with `clean(image, problem)`.

    Args:
        image: [H, W] or [H, W, C]. An 8-bit image gives an 8-bit small one, but noise is never rounded.
        problem: a denoising or a super-resolution.
        seed: seed of the noise.
        name: name of the image, of which its noise follows, too.
    """
    found = clean(image, problem)
    if problem.scale > 1:
        return shrunk(found, problem.scale)
    return noisy(found, problem.sigma, seed, name)
