"""EZNAS-A (Akhauri et al., NeurIPS 2022): the score that a genetic program has found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.gradient import Gradients


@proxy(source="akhauri2022eznas")
def eznas_a(loss_gradient: Gradients) -> float:
    """EZNAS-A, the mean over convolutions of ‖σ(log |det sign G|)‖, G the kernels' gradients (Akhauri et al. 2022).

    G holds a k × k matrix for each pair of an input and an output channel; the norm is over these pairs.

    Args:
        loss_gradient: gradient of the mean loss by every trainable parameter.

    Returns:
        A non-negative number; larger is better.

    In effect it counts channels: a 1 × 1 kernel gives σ(0) = 1/2 whatever its gradient is, a 3 × 3 one 0.8 or, where
    its matrix of signs is singular, 0. The definition is that of a third party's code, which is said to weigh noise
    images; the authors' could not be read. That code leaves out the stem, the reduction blocks and the last layer; here
    all convolutions with square kernels count, since a network does not say which are which. Which loss it
    differentiates is not known here.

    Cost: one forward and one backward pass, shared.
    """
    import torch

    norms = []
    for gradient in loss_gradient.weights.values():
        if gradient.ndim == 4 and gradient.shape[2] == gradient.shape[3]:
            signs = gradient.double().sign()
            norms.append(float(torch.linalg.slogdet(signs).logabsdet.sigmoid().norm()))
    if not norms:
        raise NotApplicable("the network has no trainable convolution with a square kernel")
    return sum(norms) / len(norms)
