"""ZiCo (Li et al., ICLR 2023)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.gradient import Gradients


@proxy(source="li2023zico")
def zico(half_batch_gradients: tuple[Gradients, Gradients]) -> float:
    """ZiCo Σ_layers log Σ_θ mean|g| / σ(g), mean and deviation over two batches' gradients (Li et al. 2023).

    Over weights (`harness.measurements.weights`) with σ > 0; a layer without such a weight does not count. For two
    batches
    mean|g| / σ(g) = (|g₁| + |g₂|) / |g₁ − g₂|.

    Args:
        half_batch_gradients: gradients of the mean loss on the two halves of the batch. The authors use two batches:
            for their setting give one batch of twice the size.

    Returns:
        Any real number; larger is better. A network with the same gradient on both halves has no score.

    The ratio has a heavy tail: one weight whose two gradients agree to the last digits can be a large part of its
    layer's sum. So the score depends on rounding more than others do. On six cells of NAS-Bench-201 it differs from the
    authors' by 2e-5 to 4e-4 of its value, once by 4e-3; the same differences occur between one and two threads.
    float32 and float64 differ by 0.3 to 2.5 %. MeCo's copy of the code gives 0 on a CPU: there the stored gradients of
    the first batch share their memory with those of the second.

    Cost: a forward and a backward pass of its own for each half of the batch.
    """
    first, second = (gradients.weights for gradients in half_batch_gradients)
    total, counted = 0.0, 0
    for name, gradient in first.items():
        difference = (gradient - second[name]).abs()
        ratios = (gradient.abs() + second[name].abs())[difference > 0] / difference[difference > 0]
        if len(ratios) and (layer := float(ratios.double().sum())) > 0:
            total += math.log(layer)
            counted += 1
    if counted == 0:
        raise NotApplicable("no weight has a different gradient on the two halves of the batch")
    return total
