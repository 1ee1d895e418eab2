"""Two factors and their interaction: a balanced two-way table with replicates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
PERMUTATIONS = 9999


class Interaction(NamedTuple):
    """The test of an interaction.

    Attributes:
        f: mean square of the interaction over that of the replicates.
        freedom: degrees of freedom of the interaction, (A − 1)(B − 1).
        residual_freedom: degrees of freedom of the replicates, A B (R − 1).
        p: probability of an F that is as large without an interaction, for normal replicates of one variance.
        permutation_p: the same by permutations, without normality.
        deviation: estimated standard deviation of the interaction's effects; 0 where the mean square is below the
            replicates'.
        residual_deviation: standard deviation of the replicates.
    """

    f: float
    freedom: int
    residual_freedom: int
    p: float
    permutation_p: float
    deviation: float
    residual_deviation: float


def interaction(values: FloatArray, *, seed: int, permutations: int = PERMUTATIONS) -> Interaction:
    """Test of the interaction of two factors.

    The permutations are those of the residuals of the additive model (Freedman & Lane 1983): with the additive part
    added back they have the same F as without it.

    Args:
        values: values [A, B, R] of A levels of one factor, B of the other and R replicates, each at least two.
        seed: seed of the permutations.
        permutations: their number.

    Raises:
        ValueError: another shape, a value that is not finite, or replicates that do not differ.
    """
    from scipy import stats

    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 3 or min(found.shape) < 2:
        raise ValueError(f"an interaction needs values [A, B, R], each at least 2; got {list(found.shape)}")
    if not np.isfinite(found).all():
        raise ValueError("an interaction of values of which one is not finite")
    levels, others, replicates = found.shape
    freedom, residual_freedom = (levels - 1) * (others - 1), levels * others * (replicates - 1)
    effect, residual = _mean_squares(found)
    if residual == 0:
        raise ValueError("the replicates do not differ: an interaction cannot be compared with their noise")
    ratio = effect / residual
    left = found - _additive(found)
    generator = np.random.default_rng(seed)
    larger = sum(_ratio(generator.permutation(left.ravel()).reshape(found.shape)) >= ratio for _ in range(permutations))
    return Interaction(
        ratio, freedom, residual_freedom, float(stats.f.sf(ratio, freedom, residual_freedom)),
        (1 + larger) / (1 + permutations), float(np.sqrt(max(0.0, effect - residual) / replicates)),
        float(np.sqrt(residual)),
    )  # fmt: skip


def _additive(values: FloatArray) -> FloatArray:
    """The additive model's value for each place, [A, B, 1]."""
    means = values.mean(axis=2, keepdims=True)
    fitted: FloatArray = means.mean(axis=1, keepdims=True) + means.mean(axis=0, keepdims=True) - means.mean()
    return fitted


def _mean_squares(values: FloatArray) -> tuple[float, float]:
    """Mean squares of the interaction, and of the replicates."""
    levels, others, replicates = values.shape
    means = values.mean(axis=2, keepdims=True)
    effects = replicates * np.square(means - _additive(values)).sum() / ((levels - 1) * (others - 1))
    return float(effects), float(np.square(values - means).sum() / (levels * others * (replicates - 1)))


def _ratio(values: FloatArray) -> float:
    effect, residual = _mean_squares(values)
    return effect / residual
