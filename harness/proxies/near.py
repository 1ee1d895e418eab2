"""NEAR (Husistein et al., ICLR 2025): effective ranks of what layers put out."""

from __future__ import annotations

from harness.proxies.registry import proxy


@proxy(source="husistein2025near")
def near(effective_ranks: tuple[float, ...]) -> float:
    """NEAR Σ_layers erank(Z_l) + erank(H_l), of outputs before and after the activations (Husistein et al. 2025).

    erank(A) = exp(−Σ_k s_k log s_k) with the singular values s of A divided by their sum; A is a square matrix of
    positions by channels.

    Args:
        effective_ranks: effective ranks of the outputs of convolutions and linear layers, and of ReLUs.

    Returns:
        A number from 0 to the channels of all these outputs; larger is better. It fails where an output has fewer rows
        than channels: then the batch, not the network, bounds the rank.

    Z are the outputs of convolutions and linear layers but the classifier's, H those of ReLU modules; where batch norm
    or a sum stands between the two, it is left out. The authors' code reads the output of every module with a weight,
    norm layers and the classifier too. The paper averages 32 draws of the weights; this is one. That runs of rows
    start at multiples of the number of channels is our reading of a third party's description.

    Cost: one forward pass, shared, and a singular value decomposition for each output.
    """
    return sum(effective_ranks)
