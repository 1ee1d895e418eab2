"""Jacobian covariance of Mellor et al. (NAS without training, first version of 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor


STABILISER = 1e-5
"""Added to each eigenvalue in the authors' code."""


@proxy(source="mellor2020jacobian")
def jacob_cov(input_jacobian: Tensor) -> float:
    """−Σ_i (log(v_i + k) + 1/(v_i + k)) over the eigenvalues v of the Jacobian rows' correlation (Mellor et al. 2020).

    The less the samples' input gradients correlate, the closer all v are to 1 and the larger the score; k = 1e-5.

    Args:
        input_jacobian: [N, D], row n the gradient of the logits' sum by sample n.

    Returns:
        At most −N, reached near v = 1; larger is better. A sample whose input gradient is constant is a failure.

    An eigenvalue near zero adds 1/k = 100,000: two samples that move the logits alike decide the score alone, and what
    is left of it in float32 is rounding. The authors' code takes a general eigensolver; the matrix is symmetric.

    Cost: one forward and one backward pass.
    """
    import torch

    from harness.measurements.input_jacobian import row_correlation

    shifted = torch.linalg.eigvalsh(row_correlation(input_jacobian)) + STABILISER
    return -float((shifted.log() + 1 / shifted).sum())
