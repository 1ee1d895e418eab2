"""Gradient signal preservation (GraSP, Wang et al., ICLR 2020), summed to a score as in Abdelfattah et al. (2021)."""

from __future__ import annotations

from harness.proxies.registry import proxy


@proxy(source="wang2020grasp")
def grasp(hessian_form: float) -> float:
    """GraSP −Wᵀ H g, half the rate at which ‖g‖² rises when the weights shrink (Wang et al. 2020).

    H is the Hessian and g the gradient of the mean loss by the weights alone (`harness.measurements.weights`).

    Args:
        hessian_form: the quadratic form Wᵀ H g.

    Returns:
        Any number; larger is better.

    For a layer that batch norm in train mode follows, the loss does not depend on the scale of W_l (apart from batch
    norm's ε). There W_lᵀ ∂L/∂W_l is zero everywhere, and so −W_lᵀ (H g)_l = ‖g_l‖²: GraSP is the squared gradient
    norm, and only layers without batch norm make it differ. The sign is that of Abdelfattah et al. (2021), who found
    the paper's sign to be the wrong one for ranking. The paper divides the logits by a temperature, which is 1 in their
    code and here. In float32 a ReLU whose input is zero within rounding may be on or off, which changes the value by up
    to a hundredth on NAS-Bench-201 (in the authors' code too).

    Cost: one forward and one backward pass, shared, and a sweep of tangents that takes as long as two backward passes.
    A network with operations that the sweep does not know (listed at `harness.measurements.hessian.hessian_form`) takes
    two more backward passes instead, the second of about three times the work.
    """
    return 0 - hessian_form  # not -x, which would turn 0 into -0
