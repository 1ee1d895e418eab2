"""Bicubic resizing with antialiasing, equal to MATLAB's `imresize` to the last bit of 8-bit images.

Keys' cubic kernel with a = -1/2 (Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981). Where an
image shrinks by s the kernel is s times as wide, so that what the smaller image cannot hold is averaged away. Edges are
mirrored. Rows are resized before columns, and 8-bit images are rounded after each of the two. Bicubic interpolation
elsewhere differs: Pillow's at the edges, PyTorch's everywhere (a = -3/4, and no antialiasing unless asked for).

Legend: H, W height and width, s the factor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import SettingError, check_whole

Pixels = NDArray[Any]
"""An image [H, W] or [H, W, C], 8-bit or floating point of values from 0 to 255."""
_KERNEL_WIDTH = 4


def shrunk(image: Pixels, factor: int) -> Pixels:
    """The image with 1/s of its height and width.

    Args:
        image: [H, W] or [H, W, C], 8-bit or floating point; s divides H and W.
        factor: s, a whole number.

    Returns:
        [H/s, W/s] or [H/s, W/s, C]; 8-bit for an 8-bit image, otherwise float64, neither rounded nor clipped.

    Raises:
        SettingError: for a factor below 1, or one that does not divide the sides (`cut_to_multiple` cuts them).
    """
    check_whole("factor", factor, 1, SettingError)
    height, width = image.shape[:2]
    if height % factor or width % factor:
        raise SettingError(f"an image of {height} x {width} pixels cannot be shrunk by {factor}: cut its sides first")
    return _resized(image, height // factor, width // factor)


def enlarged(image: Pixels, factor: int) -> Pixels:
    """The image with s times its height and width; types as in `shrunk`.

    Args:
        image: [H, W] or [H, W, C], 8-bit or floating point.
        factor: s, a whole number.

    Raises:
        SettingError: for a factor below 1.
    """
    check_whole("factor", factor, 1, SettingError)
    height, width = image.shape[:2]
    return _resized(image, height * factor, width * factor)


def enlargement(side: int, factor: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each of the s H rows of an enlarged image, the old rows that it is made of and their weights, [s H, T] both.

    Args:
        side: number of rows before, H.
        factor: s, a whole number from 1.
    """
    return _taps(side, side * factor)


def cut_to_multiple(image: Pixels, factor: int) -> Pixels:
    """The image without the last rows and columns, up to s - 1 of each, so that s divides both sides."""
    height, width = image.shape[:2]
    return image[: height - height % factor, : width - width % factor]


def _resized(image: Pixels, height: int, width: int) -> Pixels:
    return _along_columns(_along_rows(image, height), width)


def _along_rows(image: Pixels, after: int) -> Pixels:
    """The image with `after` rows."""
    taps, weights = _taps(len(image), after)
    result = np.zeros((after, *image.shape[1:]))
    for place in range(taps.shape[1]):
        result += weights[:, place].reshape(-1, *[1] * (image.ndim - 1)) * image[taps[:, place]]
    if image.dtype == np.uint8:
        return (result.clip(0, 255) + 0.5).astype(np.uint8)
    return result


def _along_columns(image: Pixels, after: int) -> Pixels:
    return _along_rows(image.swapaxes(0, 1), after).swapaxes(0, 1)


def _taps(before: int, after: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each of the new rows, the indices of the old rows that it is made of, and their weights, [after, T] both."""
    scale = after / before
    stretch = min(scale, 1.0)
    width = _KERNEL_WIDTH / stretch
    centres = np.arange(1, after + 1) / scale + (1 - 1 / scale) / 2
    first = np.floor(centres - width / 2)
    places = first[:, None] + np.arange(math.ceil(width) + 2)
    weights = stretch * _cubic(stretch * (centres[:, None] - places))
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = np.concatenate([np.arange(before), np.arange(before)[::-1]])
    return mirrored[(places.astype(np.int64) - 1) % (2 * before)], weights


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' kernel with a = -1/2: 1.5 |x|³ - 2.5 x² + 1 up to 1, then -0.5 |x|³ + 2.5 x² - 4 |x| + 2 up to 2."""
    x = np.abs(distance)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    result: NDArray[np.float64] = np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
    return result
