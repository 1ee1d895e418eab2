"""Classes of modules whose rows are known to be samples, so that no network made of them needs a trial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from torch import nn

_Class = TypeVar("_Class", bound=type[nn.Module])

ROW_WISE: Final[dict[type[nn.Module], Callable[..., Any]]] = {
    each: each.forward
    for each in (
        nn.Conv2d, nn.BatchNorm2d, nn.Linear, nn.ReLU, nn.LeakyReLU, nn.Identity, nn.AvgPool2d, nn.MaxPool2d,
        nn.AdaptiveAvgPool2d, nn.PixelShuffle, nn.ConvTranspose2d, nn.Tanh, nn.Sequential, nn.ModuleList,
    )
}  # fmt: skip
"""The forward pass of each such class, as it was when the class was made known."""


def row_wise(module_class: _Class) -> _Class:
    """Say of a class that it maps each row of [N, ...] by itself, with no weights but those of the modules inside.

    The promise is about its own code, for inputs [N, C, H, W], with batch norm in eval mode: no row depends on the
    other rows, on its place or on their number, and every parameter is read by the module that holds it.
    """
    ROW_WISE[module_class] = module_class.forward
    return module_class
