"""Gradient signal preservation of Wang et al. (GraSP, ICLR 2020), as Abdelfattah et al. (2021) sum it up."""

from __future__ import annotations

from harness.proxies.registry import proxy


@proxy(source="wang2020grasp")
def grasp(hessian_form: float) -> float:
    """−Wᵀ H g, half the rate at which shrinking the weights raises the squared gradient norm (Wang et al. 2020).

    H is the Hessian and g the gradient of the mean loss by the weights of convolutions and linear layers alone.

    Args:
        hessian_form: Wᵀ H g.

    Returns:
        Any number; larger is better.

    For a layer whose scale the loss does not see (batch norm in train mode follows, its ε left aside) W_lᵀ ∂L/∂W_l is
    zero everywhere, and so −W_lᵀ (H g)_l = ‖g_l‖²: there GraSP is the squared gradient norm, and only layers without
    batch norm make it differ. The sign is that of Abdelfattah et al. (2021), who found the paper's own the wrong way
    round for ranking; the paper divides the logits by a temperature, which is 1 in their code and here. In float32
    a ReLU whose input is zero within rounding may fall on either side, which moves the value by up to a hundredth on
    NAS-Bench-201 (in the authors' code too).

    Cost: one forward and one backward pass, shared, and a sweep of tangents that takes as long as two backward passes.
    A network with operations that the sweep does not know (`harness.measurements.hessian.hessian_form` says which)
    takes two backward passes more instead, the second of about three times the work.
    """
    return 0 - hessian_form  # not -x, which makes a zero a negative one
