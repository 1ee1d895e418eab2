"""Published rank correlations on NAS-Bench-201, each with the pool of cells that it is of, where that is known.

Tybl & Neumann, CVPR 2025, arXiv 2502.04975 (VKDNW); their NDCG is of 1,000 cells, with accuracies in percent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harness.studies.kinds import DATASETS, KENDALL, SPEARMAN
from harness.studies.rank.zero_cost_nas import AZ_NAS_PAPER, PUBLISHED_COEFFICIENTS

NOT_KNOWN = ""
"""The pool of a coefficient of which we know none."""
NDCG = "ndcg_1000"
_VKDNW = "Tybl & Neumann 2025, table 1"
_LAYERS = "not named there; their row of the number of layers comes out on this pool alone"


class PooledCoefficient(NamedTuple):
    """A published coefficient and its pool.

    Attributes:
        proxy: name of the proxy in this package, or `layers`, the number of convolutions in a cell.
        column: column of the accuracies.
        coefficient: `spearman`, `kendall_tau_b` or `ndcg_1000`.
        value: the printed value.
        source: the paper.
        pool: name of the pool in `harness.evaluation.pools.POOLS`; empty where it is not known.
        remark: how the pool is known.
    """

    proxy: str
    column: str
    coefficient: str
    value: float
    source: str
    pool: str
    remark: str = ""


def _of_vkdnw(proxy: str, coefficient: str, values: Sequence[float]) -> list[PooledCoefficient]:
    return [
        PooledCoefficient(proxy, column, coefficient, value, _VKDNW, "valid", _LAYERS)
        for column, value in zip(DATASETS, values, strict=True)
    ]


VALID = (
    *_of_vkdnw("layers", KENDALL, (0.626, 0.646, 0.623)),
    *_of_vkdnw("layers", SPEARMAN, (0.767, 0.787, 0.764)),
    *_of_vkdnw("layers", NDCG, (0.671, 0.525, 0.497)),
    *_of_vkdnw("flops", KENDALL, (0.623, 0.586, 0.545)),
    *_of_vkdnw("az_nas", KENDALL, (0.712, 0.696, 0.673)),
    *_of_vkdnw("az_nas", SPEARMAN, (0.892, 0.880, 0.859)),
    *_of_vkdnw("az_nas", NDCG, (0.749, 0.549, 0.534)),
    *_of_vkdnw("zico", KENDALL, (0.607, 0.614, 0.587)),
    *_of_vkdnw("zico", SPEARMAN, (0.802, 0.809, 0.779)),
    *_of_vkdnw("zico", NDCG, (0.751, 0.607, 0.523)),
    *_of_vkdnw("nwot", KENDALL, (0.571, 0.607, 0.605)),
    *_of_vkdnw("jacob_cov", KENDALL, (0.616, 0.639, 0.602)),
    *_of_vkdnw("grad_norm", KENDALL, (0.328, 0.341, 0.310)),
    *_of_vkdnw("snip", KENDALL, (0.431, 0.440, 0.389)),
    *_of_vkdnw("grasp", KENDALL, (0.352, 0.349, 0.359)),
    *_of_vkdnw("synflow", KENDALL, (0.561, 0.553, 0.531)),
)
_ALL = ("Lee & Ham 2024", AZ_NAS_PAPER, "Krishnakumar et al. 2022 (NAS-Bench-Suite-Zero), all cells")
"""Sources of the other studies whose coefficients are of all cells."""
OTHERS = tuple(
    PooledCoefficient(*item[:5], "all" if item.source in _ALL else NOT_KNOWN) for item in PUBLISHED_COEFFICIENTS
)
EZNAS = tuple(
    PooledCoefficient(
        "eznas_a",
        column,
        KENDALL,
        value,
        "a note on Akhauri et al. 2022",
        "all",
        "of the paper's program, which may be that of `eznas_a_weights`",
    )
    for column, value in zip(DATASETS, (0.65, 0.65, 0.61), strict=True)
)
PUBLISHED: tuple[PooledCoefficient, ...] = (*VALID, *OTHERS, *EZNAS)
