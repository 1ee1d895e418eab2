"""GradSign of Zhang & Jia (ICLR 2022)."""

from __future__ import annotations

from harness.proxies.registry import proxy


@proxy(source="zhang2022gradsign")
def gradsign(sign_agreement: int) -> float:
    """GradSign Σ_θ |Σ_n sign ∂ℓ_n/∂θ|: how far the samples' gradients agree in sign (Zhang & Jia 2022).

    Args:
        sign_agreement: the sum over weights of convolutions and linear layers, each sample's loss computed by itself.

    Returns:
        A count from 0 to N times the number of weights; larger is better.

    The samples go through batch norm one by one, as in the authors' code: in train mode each is normalised by its own
    statistics. AZ-NAS's code divides by the number of weights, which changes the ranking of networks of different size;
    this is the authors' sum. The sign of a gradient that is zero within rounding is arbitrary: in float32 about one
    weight in 50,000 counts differently from one implementation to the next.

    Cost: one forward and one backward pass of its own; the authors' code makes one of each per sample.
    """
    return float(sign_agreement)
