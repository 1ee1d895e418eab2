"""LogSynflow of Cavagnero et al. (FreeREA, WACV 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.flow import Flow


@proxy(source="cavagnero2023freerea", version=2)
def logsynflow(synaptic_flow: dict[str, Flow]) -> float:
    """LogSynflow Σ |W| log(1 + |∂R/∂W|), SynFlow with damped gradients (Cavagnero et al. 2023).

    Args:
        synaptic_flow: |W| and ∂R/∂|W| by weight name.

    Returns:
        A non-negative number; larger is better.

    The logarithm is taken of each gradient, before the sum, so that the early layers, whose gradients are largest, do
    not dominate the score. NAS-Bench-Suite-Zero reports another number, the logarithm of SynFlow, which ranks as
    `synflow` does. The authors' code takes log(1 + gradient), which is the same where all activations are increasing.

    Cost: one forward and one backward pass of one sample, in float64.
    """
    return sum(float((weight * gradient.abs().log1p()).sum()) for weight, gradient in synaptic_flow.values())
