"""The gradient norm of Abdelfattah et al. (2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.gradient import Gradients


@proxy(source="abdelfattah2021")
def grad_norm(loss_gradient: Gradients) -> float:
    """Gradient norm Σ_layers ‖∂L/∂W‖₂ over the weights (Abdelfattah et al. 2021).

    A sum of one norm per layer, not the norm of the whole gradient; biases and batch norm do not count.

    Args:
        loss_gradient: gradient of the mean loss on the batch.

    Returns:
        A non-negative number; larger is better.

    The authors' code splits the batch when memory runs out and then adds up the mean-loss gradients of the parts, which
    gives a multiple of the score; here the score fails instead. On the same weights and batch the values are equal.

    Cost: one forward and one backward pass.
    """
    return sum(float(gradient.double().norm()) for gradient in loss_gradient.weights.values())
