"""Bicubic enlargement as a module, on which a network adds what it has learnt."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn

from harness.restoration.resize import enlargement

_SIDES = 64
"""Lengths of a side whose weights are kept."""


class Enlarged(nn.Module):
    """Bicubic enlargement of images by a whole number, as `harness.restoration.resize.enlarged` of floating point.

    Args:
        scale: factor of the sides, s; 1 gives the images themselves.
    """

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, images: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, sH, sW]."""
        if self.scale == 1:
            return images
        (rows, row_weights), (columns, column_weights) = (_taps(side, self.scale) for side in images.shape[-2:])
        higher = (images[:, :, rows.to(images.device)] * row_weights.to(images)[:, :, None]).sum(dim=3)
        return (higher[..., columns.to(images.device)] * column_weights.to(images)).sum(dim=4)

    def extra_repr(self) -> str:
        """The factor, in a network's text."""
        return f"scale={self.scale}"


@lru_cache(maxsize=_SIDES)
def _taps(side: int, scale: int) -> tuple[Tensor, Tensor]:
    places, weights = enlargement(side, scale)
    return torch.from_numpy(places), torch.from_numpy(weights)
