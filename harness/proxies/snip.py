"""Connection sensitivity (SNIP, Lee et al., ICLR 2019), summed to a score as in Abdelfattah et al. (2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor

    from harness.measurements.gradient import Gradients


@proxy(source="lee2019snip")
def snip(weights: dict[str, Tensor], loss_gradient: Gradients) -> float:
    """SNIP Σ |W ⊙ ∂L/∂W| over the weights (Lee et al. 2019).

    Args:
        weights: W by name (`harness.measurements.weights`).
        loss_gradient: gradient of the mean loss on the batch.

    Returns:
        A non-negative number; larger is better.

    Lee et al. rank single weights by their normalised term to prune them; the sum over the network as a score is from
    Abdelfattah et al. (2021). Their code adds up mean-loss gradients when it splits the batch; here nothing is split.

    Cost: one forward and one backward pass.
    """
    from harness.measurements.products import products

    gradients = loss_gradient.weights
    return sum(float(products(weight, gradients[name]).abs().double().sum()) for name, weight in weights.items())
