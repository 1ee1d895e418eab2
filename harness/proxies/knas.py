"""KNAS, the mean of the gradients' Gram matrix (Xu et al., ICML 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.gradient import Gradients


@proxy(source="xu2021knas")
def knas(loss_gradient: Gradients) -> float:
    """MGM, the mean entry of the Gram matrix of the samples' loss gradients: N⁻² Σ_nm ⟨∇ℓ_n, ∇ℓ_m⟩ (Xu et al. 2021).

    Σ_nm ⟨∇ℓ_n, ∇ℓ_m⟩ = ‖Σ_n ∇ℓ_n‖², so the mean entry is the squared norm of the mean loss's gradient and no Gram
    matrix is formed. It is the same number as `nasi_trace`, which is derived from the trace of another kernel.

    Args:
        loss_gradient: gradient of the mean loss, by every trainable parameter.

    Returns:
        A non-negative number; larger is better.

    The authors' code does not compute this definition: it takes 50 entries of the gradient of each of about ten tensors
    over 50 mini-batches, and sums inner products between the first and the last 25 of them after centring. That
    depends on the order of the batches and is not reproduced.

    Cost: one forward and one backward pass, shared with every proxy of the loss gradient.
    """
    return loss_gradient.squared_norm
