"""The SWAP-score of Peng et al. (ICLR 2024)."""

from __future__ import annotations

from harness.proxies.registry import proxy


@proxy(source="peng2024swap")
def swap(activation_columns: int) -> float:
    """SWAP-score: number of distinct sign patterns that ReLU units have over the batch (Peng et al. 2024).

    Args:
        activation_columns: number of distinct columns of the samples × units matrix of signs.

    Returns:
        A count from 1 to the number of ReLU units, and to 2^N for N samples; larger is better. With many samples nearly
        every unit has a pattern of its own, and the count is little more than the number of units.

    The authors' code averages 32 draws of N(0, 1) weights on 16 images; this is one draw, with the network's own
    weights. For one of their draws take `init="gaussian"`, `batch_size=16`, `input="cifar10"`. Their regularised score
    has two constants that are fitted to a space; it is `harness.proxies.combined.swap_regularised`.

    Cost: one forward pass, shared.
    """
    return float(activation_columns)
