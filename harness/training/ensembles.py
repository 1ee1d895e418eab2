"""Averaged predictions of trained networks, and an attack on them.

Legend: n members, N images, K classes, ε largest change of a pixel on the scale from 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from harness.training.trained import Trained

EPSILON = 8 / 255


def averaged(members: Sequence[Trained]) -> Callable[[Tensor], Tensor]:
    """Maps images [N, 3, H, H] of 0 to 1 to logarithms [N, K] of the mean of the members' probabilities."""

    def logs(pixels: Tensor) -> Tensor:
        found = torch.stack([member.logits(pixels).log_softmax(dim=1) for member in members])
        return found.logsumexp(dim=0) - math.log(len(members))

    return logs


def fgsm(logs: Callable[[Tensor], Tensor], pixels: Tensor, labels: Tensor, epsilon: float = EPSILON) -> Tensor:
    """Adversarial images x + ε sign ∇_x(−log p(label | x)), cut to [0, 1] (Goodfellow et al. 2015, section 4).

    Args:
        logs: maps images to logarithms of probabilities [N, K], such as those of an averaged ensemble.
        pixels: images on the scale from 0 to 1, [N, 3, H, H].
        labels: their classes, [N].
        epsilon: ε.
    """
    images = pixels.detach().clone().requires_grad_()
    with torch.enable_grad():
        loss = -logs(images).gather(1, labels[:, None]).sum()
    (slope,) = torch.autograd.grad(loss, images)
    return (pixels + epsilon * slope.sign()).clamp(0, 1)
