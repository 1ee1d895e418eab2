"""The trace proxy of NASI (Shu et al., ICLR 2022)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.gradient import Gradients


@proxy(source="shu2022nasi")
def nasi_trace(loss_gradient: Gradients) -> float:
    """NASI's trace ‖Θ̃0‖_tr = ‖b⁻¹ Σ_x ∇θ L_x‖², the mean loss's squared gradient norm (Shu et al. 2022, equation 12).

    With a γ-Lipschitz loss and m samples it approximates the NTK's trace: ‖Θ0‖_tr ≈ m γ⁻¹ ‖Θ̃0‖_tr.

    Args:
        loss_gradient: gradient of the mean loss on one mini-batch, by every trainable parameter.

    Returns:
        A non-negative number; larger is better up to a bound: the paper's search penalises traces above a constant ν
        (equation 13), because the unconstrained maximum is a poor architecture. This is the trace without penalty.

    Batch norm in train mode is the paper's setting; in eval mode the rank correlation changes sign on NAS-Bench-201.

    Cost: one forward and one backward pass.
    """
    return loss_gradient.squared_norm
