"""The size of a network: the baselines that every proxy has to beat."""

from __future__ import annotations

from harness.proxies.registry import proxy


@proxy(source="baseline")
def params(parameter_count: int) -> float:
    """Number of trainable parameters.

    Returns:
        A count; more is better. NAS-Bench-201's release gives it in millions.

    Cost: no pass.
    """
    return float(parameter_count)


@proxy(source="baseline")
def flops(macs: int) -> float:
    """Multiply-adds (MACs) of one forward pass on one sample, which NAS-Bench-201's release calls FLOPs.

    Returns:
        A count (1 multiply-add counts 1); more is better. Convolutions and products of matrices
        with their biases count, those of attention and recurrent layers too.

    Cost: one forward pass of one sample, or none where the space knows the closed form.
    """
    return float(macs)
