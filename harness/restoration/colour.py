"""Luma: the channel Y of YCbCr, on which the quality of restored images is published."""

from __future__ import annotations

import numpy as np

from harness.errors import SettingError
from harness.restoration.resize import Pixels

_WEIGHTS = (65.481, 128.553, 24.966)


def luma(image: Pixels) -> Pixels:
    """Y of an image by ITU-R BT.601 with values from 16 to 235, as MATLAB's `rgb2ycbcr` has it.

    Args:
        image: red, green and blue [H, W, 3], 8-bit or floating point of values from 0 to 255; a grey image [H, W] is
            taken as its own Y.

    Returns:
        Y [H, W]; 8-bit and rounded for an 8-bit image, otherwise float64.

    Raises:
        SettingError: for an image that has neither one nor three channels.
    """
    if image.ndim == 2:
        return image
    if image.ndim != 3 or image.shape[2] != 3:
        raise SettingError(f"an image is [H, W], or [H, W, 3] in red, green and blue; got shape {list(image.shape)}")
    value = 16 + image.astype(np.float64) @ np.array(_WEIGHTS) / 255
    return rounded(value) if image.dtype == np.uint8 else value


def rounded(image: Pixels) -> Pixels:
    """The image clipped to 0 to 255 and rounded to 8 bits, halves upwards."""
    return (image.clip(0, 255) + 0.5).astype(np.uint8)


def in_colour(image: Pixels) -> Pixels:
    """The image in red, green and blue, [H, W, 3]; a grey image has three equal channels."""
    return np.repeat(image[:, :, None], 3, axis=2) if image.ndim == 2 else image


def without_border(image: Pixels, border: int) -> Pixels:
    """The image without `border` pixels at each of its four sides."""
    return image[border : len(image) - border, border : image.shape[1] - border]
