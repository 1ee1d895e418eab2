"""The SWAP-score of Peng et al. (ICLR 2024), and the one for any activation (2026)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.activations import SignColumns


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


@proxy(source="peng2026swap")
def swap_universal(sign_columns: SignColumns) -> float:
    """Universal SWAP-score: number of distinct sign patterns of ReLU, GELU and SiLU units (Peng et al. 2026).

    Args:
        sign_columns: number of distinct columns of the samples × units matrix of signs −1, 0 and 1, and how many
            columns of two values there are, and can be with that many samples.

    Returns:
        A count from 1 to the number of units; larger is better. Of a network whose activations are all ReLUs it is
        `swap`. It fails where every pattern occurs: then the batch, not the network, bounds the count, and networks
        have the same.

    Outputs of any shape count, a row for each sample, so that transformers have a score, too. The authors' code reads
    modules of these three kinds and passes over all others; here a network with others beside is refused, and so are
    functions, whose outputs belong to no module. For language models they take 128 samples and the network's own
    weights, once; of DARTS cells they average 32 draws of N(0, 1) weights on 16 images, as for `swap`.

    Cost: one forward pass, shared.
    """
    if sign_columns.two_valued >= sign_columns.possible:
        raise NotApplicable(
            f"all of the {sign_columns.possible:,} sign patterns that a batch of this size can show occur, and would "
            "in other networks: take more samples"
        )
    return float(sign_columns.distinct)
