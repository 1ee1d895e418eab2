"""MeCo (Jiang et al., NeurIPS 2023)."""

from __future__ import annotations

from harness.proxies.registry import proxy


@proxy(source="jiang2023meco")
def meco(channel_correlations: tuple[float, ...]) -> float:
    """MeCo Σ_modules λ_min, of the correlation matrix of each module's output channels (Jiang et al. 2023).

    Args:
        channel_correlations: λ_min on one random image of 64 × 64, for each call of a module whose output has
            positions.

    Returns:
        A number from 0 to the number of module calls; larger (channels that are less alike) is better.

    The authors hook every module, containers included, and so does this measurement: the score depends on how modules
    are nested in a network's code. Their NAS-Bench-201 network has containers around the stem, around each stage and
    around each average pool; the release's network, which is built here, does not. Nested as theirs, it scores the
    same. Constant channels have no correlation; it counts as 0, the diagonal included, as in their code.

    Cost: one forward pass of one sample, and the eigenvalues of each module's channels.
    """
    return sum(channel_correlations)


@proxy(source="jiang2023meco")
def meco_opt(sampled_correlations: tuple[float, ...]) -> float:
    """MeCo-opt Σ_modules (C / 8) λ_min, of the correlations of 8 random channels of each module (Jiang et al. 2023).

    Args:
        sampled_correlations: λ_min of 8 of a module's C channels times C / 8, on the image of `meco`; of all channels
            where there are fewer.

    Returns:
        A non-negative number; larger is better.

    It costs less than `meco` where channels are many. The eight channels and the factor are recalled, and agree with
    lines of code of a later paper (Dextr); the paper was not read for them.

    Cost: one forward pass of one sample, shared with `meco`.
    """
    return sum(sampled_correlations)
