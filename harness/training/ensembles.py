"""Averaged predictions of trained networks, and an attack on them.

Legend: n members, N images, K classes, H side in pixels, ε largest change of a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from harness.measurements.attacks import PixelRange, fgsm
from harness.training.trained import Trained

EPSILON = 8.0
"""Of 255, the largest change of a pixel."""
_UNIT = PixelRange(torch.zeros(1), torch.ones(1))


def averaged(members: Sequence[Trained]) -> Callable[[Tensor], Tensor]:
    """Maps images [N, 3, H, H] of 0 to 1 to logarithms [N, K] of the mean of the members' probabilities."""

    def logs(pixels: Tensor) -> Tensor:
        found = torch.stack([member.logits(pixels).log_softmax(dim=1) for member in members])
        return found.logsumexp(dim=0) - math.log(len(members))

    return logs


def attacked(logs: Callable[[Tensor], Tensor], pixels: Tensor, labels: Tensor, epsilon: float = EPSILON) -> Tensor:
    """Images that FGSM has attacked with the gradients of averaged predictions (`harness.measurements.attacks.fgsm`).

    Args:
        logs: maps images to logarithms of probabilities [N, K], such as those of an averaged ensemble.
        pixels: images on the scale from 0 to 1, [N, 3, H, H].
        labels: their classes, [N].
        epsilon: ε in 1/255 of the range of a pixel.
    """
    return fgsm(lambda images: -logs(images).gather(1, labels[:, None]).sum(), pixels, _UNIT, epsilon)
