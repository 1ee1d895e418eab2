"""The quality of a restoring network or function on a set of images, as papers measure it.

Images have values from 0 to 255 and are given to the network divided by 255. Restored values are clipped to 0 to 255.

- Denoising, on grey images: the noisy image is neither clipped nor rounded, nor is the restored one rounded; the whole
  image is compared.
- Super-resolution: images are cut to a multiple of the scale s, shrunk, enlarged by the network, rounded to 8 bits, and
  compared in Y without a border of s pixels. With `colour="y"` the network sees Y alone, rounded to 8 bits, and its
  small image is not rounded. With `colour="rgb"` it sees the three channels of a small 8-bit image; Y is computed from
  both images in 8 bits. The two differ by about 0.02 dB for bicubic enlargement.

A mean is that of the images' values, not the value of a mean error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import SettingError, unknown
from harness.restoration import quality
from harness.restoration.colour import in_colour, luma, rounded, without_border
from harness.restoration.degradations import clean, degraded
from harness.restoration.image_sets import NamedImage
from harness.restoration.problems import Restoration
from harness.restoration.resize import Pixels

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

COLOURS = ("y", "rgb")


@dataclass(frozen=True)
class ImageQuality:
    """The quality of one restored image: its name, PSNR in dB and SSIM."""

    image: str
    psnr: float
    ssim: float


@dataclass(frozen=True)
class SetQuality:
    """The quality of the restored images of a set.

    Attributes:
        images: a row for each image, in the order given.
    """

    images: tuple[ImageQuality, ...]

    @property
    def psnr(self) -> float:
        """Mean of the images' PSNR, in dB."""
        return fmean(row.psnr for row in self.images)

    @property
    def ssim(self) -> float:
        """Mean of the images' SSIM."""
        return fmean(row.ssim for row in self.images)

    def frame(self) -> pd.DataFrame:
        """The images' rows, and the mean as the last: columns `image`, `psnr_db` and `ssim`."""
        import pandas as pd

        rows = [*self.images, ImageQuality("mean", self.psnr, self.ssim)]
        return pd.DataFrame([(row.image, row.psnr, row.ssim) for row in rows], columns=["image", "psnr_db", "ssim"])


def evaluate(
    method: Callable[[Tensor], Tensor],
    images: Sequence[NamedImage],
    problem: Restoration,
    *,
    colour: str = "y",
    seed: int = 0,
) -> SetQuality:
    """The quality of restored images.

    Args:
        method: a network, or any function: degraded images [1, C, H, W] to images [1, C, sH, sW], values about 0 to 1.
            A network is called in eval mode without gradients, on its device and in its type, and is left as it was; a
            function gets float64.
        images: the images, as `open_images` reads them.
        problem: a denoising or a super-resolution.
        colour: `y`, one channel, or `rgb`, three, for super-resolution alone.
        seed: seed of the noise; each image's follows from it and from the image's name.

    Returns:
        PSNR and SSIM of each image, and their means.

    Raises:
        SettingError: for no images, an unknown colour, denoising in colours, or without torchmetrics.
        NotApplicable: where the method does not give images of the right shape.
    """
    if colour not in COLOURS:
        raise SettingError(unknown("colour", colour, COLOURS))
    if colour == "rgb" and problem.scale == 1:
        raise SettingError("denoising is measured on grey images: give colour='y'")
    if not images:
        raise SettingError("there are no images to restore")
    return SetQuality(tuple(_of_image(method, image, problem, colour, seed) for image in images))


def _of_image(
    method: Callable[[Tensor], Tensor], image: NamedImage, problem: Restoration, colour: str, seed: int
) -> ImageQuality:
    if colour == "rgb":
        pixels = in_colour(image.pixels)
        small = degraded(pixels, problem)
    else:
        pixels = luma(image.pixels)
        small = degraded(pixels.astype(np.float64), problem, seed=seed, name=image.name)
    restored = restored_image(method, small, problem).clip(0, 255)
    wanted = clean(pixels, problem)
    if problem.scale > 1:
        grey = image.pixels.ndim == 2
        restored, wanted = (_compared(each, grey, problem.scale) for each in (rounded(restored), wanted))
    return ImageQuality(image.name, quality.psnr(restored, wanted), quality.ssim(restored, wanted))


def _compared(image: Pixels, grey: bool, border: int) -> Pixels:
    """What of an enlarged image is compared: Y, of a grey image the mean of its channels, without the border."""
    if image.ndim == 3:
        image = rounded(image.mean(axis=2)) if grey else luma(image)
    return without_border(image, border)


def restored_image(method: Callable[[Tensor], Tensor], image: Pixels, problem: Restoration) -> Pixels:
    """An image restored by a network or a function, neither clipped nor rounded.

    Args:
        method: as in `evaluate`.
        image: the degraded image, [H, W] or [H, W, C], values about 0 to 255.
        problem: says how large the restored image is.

    Raises:
        NotApplicable: where the method does not give an image of the right shape.
    """
    import torch

    grey = image.ndim == 2
    batch = torch.from_numpy(np.array(image, dtype=np.float64)) / 255
    batch = (batch[:, :, None] if grey else batch).movedim(2, 0)[None]
    parameter = next(method.parameters(), None) if isinstance(method, torch.nn.Module) else None
    like = torch.empty(0, dtype=torch.float64) if parameter is None else parameter
    batch = batch.to(like.device, like.dtype)
    with torch.no_grad(), _eval_mode(method):
        outputs = problem.check_outputs(method(batch), torch.empty(problem.output_shape(batch.shape)))
    values: Pixels = 255 * outputs[0].movedim(0, 2).double().cpu().numpy()
    return values[:, :, 0] if grey else values


@contextmanager
def _eval_mode(method: object) -> Iterator[None]:
    """Inside, a network is in eval mode; each of its modules is in its own mode again afterwards."""
    import torch

    modes = {each: each.training for each in method.modules()} if isinstance(method, torch.nn.Module) else {}
    for each in modes:
        each.training = False
    try:
        yield
    finally:
        for each, training in modes.items():
            each.training = training
