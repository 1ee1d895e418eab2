"""Fisher pruning of Theis et al. (2018), a channel at a time as Turner et al. (BlockSwap, ICLR 2020) have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.gradient import Gradients


@proxy(source="turner2020blockswap")
def fisher(loss_gradient: Gradients) -> float:
    """Σ over channels of ½ mean_n (Σ_positions a ⊙ ∂L/∂a)², the loss's rise when a channel goes (Theis et al. 2018).

    a is the output of a convolution or a linear layer before what follows it. As in the code of Abdelfattah et al.
    (2021), each output channel counts once for each weight that makes it, since their sum runs over weights.

    Args:
        loss_gradient: of the mean loss, with the channel products of each layer call.

    Returns:
        A non-negative number; larger is better.

    L is the mean over the batch, as in that code, so that each sample's term is 1/N² of what its own loss would give:
    scores of different batch sizes differ by that. Their code splits the batch when memory runs out and then multiplies
    the score; here it fails instead.

    Cost: one forward and one backward pass, that of the gradient proxies.
    """
    return sum(
        call.weights_per_channel * float(call.products.double().square().mean(dim=0).sum()) / 2
        for call in loss_gradient.channels
    )
