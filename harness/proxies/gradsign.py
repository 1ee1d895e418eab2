"""GradSign of Zhang & Jia (ICLR 2022)."""

from __future__ import annotations

from harness.proxies.registry import proxy


@proxy(source="zhang2022gradsign")
def gradsign(sign_agreement: int) -> float:
    """Σ_θ |Σ_n sign ∂ℓ_n/∂θ|: how far the samples agree on the direction of each weight (Zhang & Jia 2022).

    Args:
        sign_agreement: over weights of convolutions and linear layers, each sample's loss computed on it alone.

    Returns:
        A count from 0 to N times the number of weights; larger is better.

    The samples go through batch norm one by one, as in the authors' code: in train mode each is normalised by its own
    statistics. AZ-NAS's code divides by the number of weights, which ranks networks of different size otherwise; this
    is the authors' sum. Gradients that are zero within rounding have no sign of their own: in float32 about one weight
    in 50,000 counts differently from one implementation to the next.

    Cost: one forward and one backward pass of its own; the authors make one of each a sample.
    """
    return float(sign_agreement)
