"""The operations of a policy: kornia's, on images of values from 0 to 1, with all random numbers drawn before.

The ranges are those of AutoAugment (Cubuk et al. 2019), as recalled: at magnitude 1 a shear of 0.3, a shift of 45 % of
the side, a rotation by 30°, four bits, a factor of 1 ± 0.9 for contrast, colour, brightness and sharpness, a cut-out
square of 20 % of the side. What a shift, a shear or a rotation leaves open is black.

Legend: N images, C channels, H height, W width; m magnitude from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import NamedTuple

import torch
from torch import Tensor

from harness.errors import SearchError
from harness.search.gradient.policy_choices import PLANTED

_SHEAR, _SHIFT, _DEGREES, _BITS, _FACTOR, _CUT = 0.3, 0.45, 30.0, 4, 0.9, 0.2
_ALL_BITS = 8


class Draws(NamedTuple):
    """The random numbers of an operation.

    Attributes:
        signs: −1 or 1 for each image, [N].
        places: row and column for each image as shares of the side, [N, 2], from 0 to 1.
        order: numbers for each pixel, [N, H · W], whose order a shuffle takes.
    """

    signs: Tensor
    places: Tensor
    order: Tensor


def draws(pixels: Tensor, generator: torch.Generator) -> Draws:
    """The random numbers for images [N, C, H, W], drawn on the CPU."""
    count, _, height, width = pixels.shape

    def drawn(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, dtype=torch.float32, device="cpu")

    signs = torch.where(drawn(count) < 0.5, -1.0, 1.0)
    return Draws(*(each.to(pixels.device) for each in (signs, drawn(count, 2), drawn(count, height * width))))


def check_kornia() -> None:
    """Refuse to go on without kornia.

    Raises:
        SearchError: naming the extra that has it.
    """
    if find_spec("kornia") is None:
        raise SearchError("policies of augmentations need kornia: pip install 'nasinit[augment]'")


def transformed(name: str, pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
    """The images after an operation, [N, C, H, W], with values from 0 to 1.

    Args:
        name: name of the operation.
        pixels: images [N, C, H, W] of values from 0 to 1.
        magnitude: m; without effect on operations that have none.
        drawn: random numbers from `draws`.
    """
    return _OPERATIONS[name](pixels, magnitude, drawn).clamp(0, 1)


def _shear(axis: int) -> Callable[[Tensor, float, Draws], Tensor]:
    def apply(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
        from kornia.geometry import transform

        return transform.shear(pixels, _along(axis, _SHEAR * magnitude * drawn.signs))  # type: ignore[no-any-return]

    return apply


def _translate(axis: int) -> Callable[[Tensor, float, Draws], Tensor]:
    def apply(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
        from kornia.geometry import transform

        side = pixels.shape[-1 - axis]
        shift = _along(axis, _SHIFT * magnitude * side * drawn.signs)
        return transform.translate(pixels, shift)  # type: ignore[no-any-return]

    return apply


def _along(axis: int, values: Tensor) -> Tensor:
    """Values [N] on one of two axes (x, y), 0 on the other: [N, 2]."""
    return torch.stack([values if axis == place else torch.zeros_like(values) for place in (0, 1)], dim=1)


def _rotate(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
    from kornia.geometry import transform

    return transform.rotate(pixels, _DEGREES * magnitude * drawn.signs)  # type: ignore[no-any-return]


def _auto_contrast(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
    from kornia import enhance

    return enhance.normalize_min_max(pixels)  # type: ignore[no-any-return]


def _invert(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
    from kornia import enhance

    return enhance.invert(pixels)  # type: ignore[no-any-return]


def _equalize(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
    from kornia import enhance

    return enhance.equalize(pixels)  # type: ignore[no-any-return]


def _solarize(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
    from kornia import enhance

    return enhance.solarize(pixels, 1 - float(magnitude))  # type: ignore[no-any-return]


def _posterize(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
    from kornia import enhance

    return enhance.posterize(pixels, _ALL_BITS - round(_BITS * magnitude))  # type: ignore[no-any-return]


def _by_factor(name: str) -> Callable[[Tensor, float, Draws], Tensor]:
    """An operation of `kornia.enhance` that takes a factor 1 ± 0.9 m, of which 1 changes nothing."""

    def apply(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
        from kornia import enhance

        return getattr(enhance, name)(pixels, 1 + _FACTOR * magnitude * drawn.signs)  # type: ignore[no-any-return]

    return apply


def _cutout(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
    """A grey square whose centre lies anywhere in the image (DeVries & Taylor 2017)."""
    inside = []
    for axis in (0, 1):
        side = pixels.shape[2 + axis]
        middles = torch.arange(side, dtype=pixels.dtype, device=pixels.device) + 0.5
        distance = (middles - side * drawn.places[:, axis, None]).abs()
        inside.append(distance <= _CUT * magnitude * side / 2)
    square = (inside[0][:, :, None] & inside[1][:, None, :])[:, None]
    return pixels.masked_fill(square, 0.5)


def _shuffle_pixels(pixels: Tensor, magnitude: float, drawn: Draws) -> Tensor:
    places = drawn.order.argsort(dim=1)[:, None].expand(-1, pixels.shape[1], -1)
    return pixels.flatten(2).gather(2, places).view_as(pixels)


_OPERATIONS: Mapping[str, Callable[[Tensor, float, Draws], Tensor]] = {
    "shear_x": _shear(0),
    "shear_y": _shear(1),
    "translate_x": _translate(0),
    "translate_y": _translate(1),
    "rotate": _rotate,
    "auto_contrast": _auto_contrast,
    "invert": _invert,
    "equalize": _equalize,
    "solarize": _solarize,
    "posterize": _posterize,
    "contrast": _by_factor("adjust_contrast_with_mean_subtraction"),
    "color": _by_factor("adjust_saturation_with_gray_subtraction"),
    "brightness": _by_factor("adjust_brightness_accumulative"),
    "sharpness": _by_factor("sharpness"),
    "cutout": _cutout,
    PLANTED: _shuffle_pixels,
}
