"""Fisher pruning (Theis et al. 2018) by channel, as Turner et al. (BlockSwap, ICLR 2020) use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.product_hooks import ChannelProducts


@proxy(source="turner2020blockswap")
def fisher(channel_products: list[ChannelProducts]) -> float:
    """Fisher score Σ_channels ½ mean_n (Σ_positions a ⊙ ∂L/∂a)², the loss's rise without a channel (Theis et al. 2018).

    a is the output of a convolution or a linear layer, before norm and activation. As in the code of Abdelfattah et al.
    (2021), an output channel counts as often as it has weights, since their sum runs over weights.

    Args:
        channel_products: products of outputs and the mean loss's gradients by them, for each call of a layer.

    Returns:
        A non-negative number; larger is better.

    L is the mean over the batch, as in that code. So each sample's term is 1/N² of the term that its own loss would
    give, and scores of different batch sizes differ by such a factor. Their code splits the batch when memory runs out
    and then gives a multiple of the score; here the score fails instead.

    Cost: one forward and one backward pass, shared with the other proxies of the loss gradient.
    """
    return sum(
        call.weights_per_channel * float(call.products.double().square().mean(dim=0).sum()) / 2
        for call in channel_products
    )
