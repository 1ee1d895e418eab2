"""The metrics of HNAS (Shu et al., NeurIPS 2022), and the condition number that corrects them.

The corrected scores need constants that HNAS's search fits: `harness.proxies.combined.hnas`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.measurements.inner_product import inner_product
from harness.proxies.registry import proxy
from harness.proxies.te_nas import condition_number

if TYPE_CHECKING:
    from torch import Tensor

    from harness.measurements.gradient import Gradients


@proxy(source="shu2022hnas")
def m_grad(loss_gradient: Gradients) -> float:
    """M_Grad = ‖m⁻¹ Σ ∇ℓ_n‖₂, the norm of the mean loss's gradient (Shu et al. 2022).

    Args:
        loss_gradient: gradient of the mean loss by every trainable parameter.

    Returns:
        A non-negative number, the square root of `nasi_trace`; larger is better.

    The authors' code takes a sum of one norm per layer instead, which is `grad_norm`. AZ-NAS's code computes this norm
    under the name `grad_norm`, with labels that it draws itself.

    Cost: one forward and one backward pass, shared.
    """
    return math.sqrt(loss_gradient.squared_norm)


@proxy(source="shu2022hnas")
def m_snip(weights: dict[str, Tensor], loss_gradient: Gradients) -> float:
    """M_SNIP = |θᵀ ∇L|, L the mean loss (Shu et al. 2022; formula recalled from the paper, not checked against it).

    Args:
        weights: θ, by name (`harness.measurements.weights`).
        loss_gradient: gradient of the mean loss on the batch.

    Returns:
        A non-negative number; larger is better. For a layer that batch norm in train mode follows, θᵀ∇L is 0, so that
        on NAS-Bench-201 only the convolutions of the shortcuts and the classifier count.

    The authors' code sums |θ ⊙ ∇L| instead, which is `snip`.

    Cost: one forward and one backward pass, shared.
    """
    return abs(inner_product(weights, loss_gradient.weights))


@proxy(source="shu2022hnas")
def m_grasp(hessian_form: float) -> float:
    """M_GraSP = |θᵀ H ∇L|, L the mean loss (Shu et al. 2022; formula recalled from the paper, not checked against it).

    Args:
        hessian_form: θᵀ H ∇L, θ the weights (`harness.measurements.weights`), ∇L the mean loss's gradient by them.

    Returns:
        A non-negative number; larger is better.

    The authors' code takes −θᵀ H ∇L instead, which is `grasp`. As there, H and ∇L are those of the batch.

    Cost: one forward and one backward pass and a sweep of tangents, shared with `grasp`.
    """
    return abs(hessian_form)


@proxy(source="shu2022hnas", version=2)
def m_trace(target_logit_gram: Tensor) -> float:
    """M_Trace = sqrt(tr Θ / N) of the target logits' kernel (Shu et al. 2022).

    Args:
        target_logit_gram: Gram matrix [N, N], entry (n, m) = ⟨∇f_{y_n}(x_n), ∇f_{y_m}(x_m)⟩ over weights and biases of
            convolutions and linear layers; batch norm does not count.

    Returns:
        A non-negative number; larger is better.

    The per-sample gradients are formed layer by layer and ignore batch norm's coupling, as in the authors' code; with
    batch norm in train mode that is not the exact kernel. Their network has convolution biases before batch norm, whose
    per-sample gradients count too; a network without such biases scores lower.

    Cost: one forward and one backward pass.
    """
    return math.sqrt(float(target_logit_gram.trace()) / len(target_logit_gram))


@proxy(source="shu2022hnas", version=2)
def m_condition(target_logit_gram: Tensor) -> float:
    """−κ, the negative condition number λ_max/λ_min of the target logits' kernel (Shu et al. 2022).

    Args:
        target_logit_gram: Gram matrix [N, N] of the target logits' gradients, the same as for `m_trace`.

    Returns:
        A number of at most −1; larger (a better conditioned kernel) is better. A singular kernel fails.

    Cost: one forward and one backward pass, shared with `m_trace`.
    """
    return -condition_number(target_logit_gram)
