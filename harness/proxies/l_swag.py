"""L-SWAG (Casarin et al., CVPR 2025): gradient variances times activation patterns, over an interval of layers."""

from __future__ import annotations

import math
from collections.abc import Container
from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor

    from harness.measurements.gradient import Gradients

BINS = 10
"""Parts of the depth that an interval is made of."""


@proxy(source="casarin2025lswag")
def l_swag(
    half_batch_gradients: tuple[Gradients, Gradients],
    activation_patterns: tuple[Tensor, ...],
    bins: Container[int] = range(BINS),
) -> float:
    """L-SWAG Λ × Ψ, Λ = Σ_layers log Σ_θ 1 / √Var|g|, Ψ the number of distinct sign patterns (Casarin et al. 2025).

    Args:
        half_batch_gradients: gradients g of the mean loss on the two halves of the batch; over two batches √Var|g| is
            ||g₁| − |g₂|| / 2. Weights without a difference are left out, and layers without such a weight.
        activation_patterns: signs of the ReLU units over the batch, by call of a ReLU.
        bins: tenths of the depth, 0 to 9, whose layers count: layer l of D is in the tenth ⌊10 l / D⌋, and so are ReLUs
            among the ReLUs. The paper fixes an interval for each space, from a plot; its numbers are not in the text
            that was read, so all layers count here.

    Returns:
        Any real number; larger is better. It fails where `zico` fails.

    Λ is ZiCo's sum with 1 in the place of the mean. The number of gradient batches is not stated in the paper's main
    text; two are ZiCo's. No code is published. It depends on rounding as `zico` does.

    Cost: a forward and a backward pass for each half of the batch, shared with `zico`, and the shared forward pass.
    """
    from harness.measurements.activations import distinct_columns

    inverse = inverse_deviations(half_batch_gradients, bins)
    chosen = in_bins(len(activation_patterns), bins)
    patterns = [pattern for place, pattern in enumerate(activation_patterns) if place in chosen]
    if not patterns:
        raise NotApplicable(f"none of the {len(activation_patterns)} ReLUs is in the interval of the depth")
    return inverse * distinct_columns(patterns)


def inverse_deviations(gradients: tuple[Gradients, Gradients], bins: Container[int] = range(BINS)) -> float:
    """Λ = Σ_l log Σ_θ 1 / √Var|g_θ| over the layers in some tenths of the depth."""
    first, second = (each.weights for each in gradients)
    chosen = in_bins(len(first), bins)
    total, counted = 0.0, 0
    for place, (name, gradient) in enumerate(first.items()):
        deviation = (gradient.abs() - second[name].abs()).abs().double() / 2
        deviation = deviation[deviation > 0]
        if place in chosen and len(deviation):
            total += math.log(float((1 / deviation).sum()))
            counted += 1
    if counted == 0:
        raise NotApplicable("no weight has a gradient of different size on the two halves of the batch")
    return total


def in_bins(count: int, bins: Container[int]) -> set[int]:
    """Places 0 to `count` − 1 whose tenth of the depth is among the bins.

    >>> sorted(in_bins(20, {0, 9}))
    [0, 1, 18, 19]
    """
    return {place for place in range(count) if BINS * place // count in bins}
