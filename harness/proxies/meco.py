"""MeCo of Jiang et al. (NeurIPS 2023)."""

from __future__ import annotations

from harness.proxies.registry import proxy


@proxy(source="jiang2023meco")
def meco(channel_correlations: tuple[float, ...]) -> float:
    """Σ_modules λ_min of the correlation matrix of a module's output channels (Jiang et al. 2023).

    Args:
        channel_correlations: on one random image of 64 × 64, for each call of a module whose output has positions.

    Returns:
        A number from 0 to the number of module calls; larger (channels that are less alike) is better.

    The authors hook every module, containers included, and so do these numbers: the score depends on how a network's
    code is nested. Their NAS-Bench-201 network has containers that the release's network, which is built here, lacks
    (around the stem, around each stage and around each average pool); nested as theirs it scores the same. Channels
    that do not vary have no correlation; it counts as 0, the diagonal included, as in their code.

    Cost: one forward pass of one sample, and the eigenvalues of each module's channels.
    """
    return sum(channel_correlations)
