"""InTrain (Zhou et al., CVPR 2026): participation ratios of features, corrected by the spread of gradients."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.gradient import Gradients

_ROUNDING = 1e-6
"""A parameter whose gradient is below this share of the largest has none but for rounding."""


@proxy(source="zhou2026intrain")
def intrain(participation_ratios: tuple[float, ...], loss_gradient: Gradients) -> float:
    """InTrain γ (1 + o) / log(L + 1), γ = Σ_l log PR_l over L layers, o the spread of gradients (Zhou et al. 2026).

    PR = (tr C)² / tr C² counts the directions that the channels' covariance C uses. o is the sum over parameters of
    min(1, std(g) / max|g|), g the loss's gradient by the parameter.

    Args:
        participation_ratios: PR of the convolutions' outputs, after batch norm where it follows.
        loss_gradient: gradient of the mean loss by every trainable parameter.

    Returns:
        A non-negative number; larger is better.

    The paper was not read, and no code is published: the formula is that of a third party's note on it. Which layers
    count, batch norm's mode and the weights' draw are not stated there; convolutions are our choice. So is that the
    deviation divides by the number of entries, and that a parameter does not count whose gradient is zero but for
    rounding (a millionth of the largest), where the note adds an ε to max|g|: such a parameter, as a shift that another
    batch norm takes out, would add noise. A convolution whose output is constant counts as one that uses all
    directions, by the 1e-10 on the diagonal of C. The authors see 64 images of 64 × 64 from N(0, 1) with random labels:
    `batch_size=64`, `image_size=64`.

    Cost: one forward and one backward pass, shared.
    """
    sizes = [float(gradient.abs().max()) for gradient in loss_gradient.values()]
    least = _ROUNDING * max(sizes)
    spread = sum(
        min(1.0, float(gradient.double().std(correction=0)) / size)
        for gradient, size in zip(loss_gradient.values(), sizes, strict=True)
        if size > least
    )
    ranks = sum(math.log(ratio) for ratio in participation_ratios)
    return max(0.0, ranks) * (1 + spread) / math.log(len(participation_ratios) + 1)
