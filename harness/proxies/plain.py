"""First-order sensitivity without absolute values (Abdelfattah et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.measurements.inner_product import inner_product
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor

    from harness.measurements.gradient import Gradients


@proxy(source="abdelfattah2021")
def plain(weights: dict[str, Tensor], loss_gradient: Gradients) -> float:
    """Signed sensitivity Σ W ⊙ ∂L/∂W over the weights (Abdelfattah et al. 2021).

    Mozer & Smolensky (1989) prune by the same product. For a layer that batch norm in train mode follows, the loss does
    not change with the scale of W, so the layer's term is zero apart from batch norm's ε: the score comes from the
    classifier and the few convolutions without batch norm.

    Args:
        weights: W by name (`harness.measurements.weights`).
        loss_gradient: gradient of the mean loss on the batch.

    Returns:
        Any number; larger is better by convention (on NAS-Bench-201 its rank correlation is negative).

    Cost: one forward and one backward pass.
    """
    return inner_product(weights, loss_gradient.weights)
