"""Jacobian covariance (Mellor et al., NAS without training, first version of 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor


STABILISER = 1e-5
"""Added to each eigenvalue in the authors' code."""


@proxy(source="mellor2020jacobian")
def jacob_cov(input_jacobian: Tensor) -> float:
    """Jacobian covariance −Σ_i (log(v_i + k) + 1/(v_i + k)), v the eigenvalues of C (Mellor et al. 2020).

    C is the correlation of the input Jacobian's rows and k = 1e-5. The less the samples' input gradients correlate, the
    closer all v are to 1 and the larger the score.

    Args:
        input_jacobian: input Jacobian [N, D], row n the gradient of the logits' sum by sample n.

    Returns:
        A number of at most −N, reached near v = 1; larger is better. It fails where a sample's input gradient is
        constant.

    An eigenvalue near zero subtracts 1/k = 100,000: two samples with the same input gradient decide the score alone,
    and the rest is lost to rounding in float32. The authors' code calls an eigensolver for general matrices; the matrix
    is symmetric.

    Cost: one forward and one backward pass.
    """
    import torch

    from harness.measurements.input_jacobian import row_correlation

    shifted = torch.linalg.eigvalsh(row_correlation(input_jacobian)) + STABILISER
    return -float((shifted.log() + 1 / shifted).sum())
