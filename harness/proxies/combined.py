"""Combined scores: rank sums, votes and corrections over a frame of scores, one row per architecture.

A proxy sees one network. A combined score needs all architectures that are compared, or constants that belong to a
comparison. Each function takes a frame of scores with one column per proxy (`wide` makes it from the frame that
`harness.run` returns) and gives a series with the frame's index; higher is better. An architecture that lacks one of
the scores gets NaN, and it takes no part in the ranks of the others. Ranks are ascending from 1; ties get their mean
rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import ScoresError
from harness.proxies.complete_rows import check_columns, combined_rows

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from harness.proxies.complete_rows import Matrix

AZ_NAS = ("az_expressivity", "az_progressivity", "az_trainability", "flops")
TE_NAS = ("te_nas_condition", "te_nas_regions")
VKDNW_AGG = ("vkdnw_single", "jacob_cov", "az_expressivity", "az_trainability", "flops")
ZERO_COST_VOTE = ("synflow", "jacob_cov", "snip")
WRCOR_VOTE = ("synflow", "jacob_cov", "wrcor")


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame that `harness.run` returns with one row per architecture and one column per proxy; failures are NaN.

    Raises:
        ScoresError: for a missing column, or two scores of one architecture by one proxy.
    """
    check_columns(frame, ("architecture", "proxy", "score"))
    twice = frame.duplicated(["architecture", "proxy"])
    if twice.any():
        row = frame.loc[twice].iloc[0]
        raise ScoresError(f"more than one score of {row['architecture']} by {row['proxy']!r}")
    order = frame["architecture"].drop_duplicates()
    return frame.pivot(index="architecture", columns="proxy", values="score").reindex(order)


def az_nas(frame: pd.DataFrame, columns: Sequence[str] = AZ_NAS) -> pd.Series[float]:
    """AZ-NAS's score Σ log(rank / m) over its four components, m architectures (Lee & Ham 2024).

    Returns:
        Numbers of at most 0. The authors give the lowest rank to an architecture whose component fails; here it has no
        score.
    """
    return log_rank_sum(frame, columns)


def vkdnw_agg(frame: pd.DataFrame, columns: Sequence[str] = VKDNW_AGG) -> pd.Series[float]:
    """VKDNW_agg Σ log(rank / m) over VKDNW_single, Jacov, two components of AZ-NAS and FLOPs (Tybl & Neumann 2025).

    Which parts it sums is known here from a note on the paper and its table; the paper was not read.
    """
    return log_rank_sum(frame, columns)


def log_rank_sum(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series[float]:
    """Σ log(rank / m), by the ranks of the given proxies among m architectures: the lowest of the ranks weighs most."""

    def summed_logarithms(scores: Matrix) -> Matrix:
        import numpy as np

        return np.asarray(np.log(_ranks(scores) / len(scores)).sum(axis=1))

    return combined_rows(frame, columns, summed_logarithms)


def te_nas(frame: pd.DataFrame, columns: Sequence[str] = TE_NAS) -> pd.Series[float]:
    """TE-NAS's score, the sum of the ranks by condition number and by linear regions (Chen et al. 2021).

    The authors' search gives ties the same rank and the next value the next whole number; on scores without ties that
    is the same.
    """
    return rank_sum(frame, columns)


def rank_sum(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series[float]:
    """Sum of an architecture's ranks by the given proxies."""
    return combined_rows(frame, columns, lambda scores: _ranks(scores).sum(axis=1))


def vote(frame: pd.DataFrame, columns: Sequence[str] = ZERO_COST_VOTE) -> pd.Series[float]:
    """Majority votes of the proxies on all pairs: pairs won minus pairs lost (Abdelfattah et al. 2021; Copeland 1951).

    The authors report how often the majority orders a pair as training does. Such votes alone give no ranking, since
    majorities may be cyclic (a before b before c before a); Copeland's count is the usual way to a ranking.

    Returns:
        Whole numbers from −(m − 1) to m − 1.
    """

    def margins(scores: Matrix) -> Matrix:
        import numpy as np

        won = np.zeros(len(scores))
        for place, row in enumerate(scores):
            won[place] = np.sign(np.sign(row - scores).sum(axis=1)).sum()
        return won

    return combined_rows(frame, columns, margins)


def hard_vote(frame: pd.DataFrame, columns: Sequence[str] = WRCOR_VOTE) -> pd.Series[float]:
    """Places in an order sorted by majority: ahead is what more than half of the proxies prefer (Jing et al. 2025).

    Majorities may be cyclic, and the order then depends on that of the frame and on the sort, here Python's; `vote` has
    no such dependence. The authors sort so, too; of the votes in their paper this is SJW.

    Returns:
        Whole numbers from 0 to m − 1; the highest is the best.
    """

    def places(scores: Matrix) -> Matrix:
        from functools import cmp_to_key

        import numpy as np

        def prefer(one: int, other: int) -> int:
            difference = scores[one] - scores[other]
            half = difference.size / 2
            return int((difference > 0).sum() > half) - int((difference < 0).sum() > half)

        ordered = sorted(range(len(scores)), key=cmp_to_key(prefer))
        found = np.empty(len(scores))
        found[ordered] = np.arange(len(scores))
        return found

    return combined_rows(frame, columns, places)


def hnas(
    frame: pd.DataFrame, *, metric: str = "m_trace", condition: str = "m_condition", target: float, mu: float
) -> pd.Series[float]:
    """HNAS's score −(μ |M² − M*²| + κ / (M + 1e-6)), a metric corrected by the condition number (Shu et al. 2022).

    Args:
        frame: scores, one row per architecture and one column per proxy.
        metric: the column of M: `m_trace`, `m_grad`, `m_snip` or `m_grasp`.
        condition: the column of −κ.
        target: M*. The authors' search fits M* and log10 μ in [−4, 0] to 20 validation accuracies. A score that is
            fitted to accuracies is no longer training-free, so both are arguments here.
        mu: μ. The authors' code suggests one over the square of the largest M.

    The 1e-6 is that of the authors' code.
    """
    return combined_rows(
        frame, (metric, condition), lambda scores: -hnas_objective(scores[:, 0], -scores[:, 1], target=target, mu=mu)
    )


def hnas_objective(
    metric: Matrix, condition: Matrix, *, target: float | Matrix, mu: float | Matrix
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """HNAS's objective μ |M² − M*²| + κ / (M + 1e-6), lower is better; M, κ, M* and μ broadcast."""
    return mu * abs(metric**2 - target**2) + condition / (metric + 1e-6)


def nasi_penalised(
    frame: pd.DataFrame, *, nu: float, mu: float, column: str = "nasi_trace", adaptive: bool = False
) -> pd.Series[float]:
    """NASI's penalised traces t − μ max(0, t − ν) (Shu et al. 2022, equation 13), with a fixed or an adaptive ν.

    Args:
        frame: scores, one row per architecture; for an adaptive ν in the order in which a search would see them.
        nu: ν, or ν₀ for an adaptive ν. The paper has 100 (fixed) and 500 (adaptive) in the DARTS space; on
            NAS-Bench-201 the traces of many cells exceed 100, and with μ above 1 the order of architectures is reversed
            beyond ν.
        mu: μ; 2 in the DARTS space, 1 in NAS-Bench-1Shot1.
        column: the column of the traces.
        adaptive: whether ν adapts: for the t-th architecture it is the mean of ν₀ and the t − 1 traces before. This
            rule is recalled from the paper's appendix, not checked against it.
    """

    def penalised(scores: Matrix) -> Matrix:
        import numpy as np

        traces = scores[:, 0]
        met = np.arange(1, len(traces) + 1)
        bound = (nu + np.cumsum(traces) - traces) / met if adaptive else np.full(len(traces), nu)
        return np.asarray(traces - mu * np.maximum(0, traces - bound))

    return combined_rows(frame, (column,), penalised)


def swap_regularised(frame: pd.DataFrame, *, mu: float, sigma: float) -> pd.Series[float]:
    """Regularised SWAP-score SWAP × exp(−(p − μ)² / σ), p the number of trainable parameters (Peng et al. 2024).

    Args:
        frame: scores with columns `swap` and `params`.
        mu: μ, the preferred number of parameters, in the unit of `params`; the authors choose it for a space.
        sigma: σ, the width of the preference, in the unit of `params` squared.

    Raises:
        ScoresError: a σ that is not positive, or architectures that all have the same SWAP-score.

    The authors' code counts parameters in thousands, of a network of one cell and few channels. By a note on the paper
    μ and σ are 25 in their search for ImageNet; those of their runs on NAS-Bench-201 are not published.
    """
    if not sigma > 0:
        raise ScoresError(f"sigma must be positive, got {sigma!r}")

    def regularised(scores: Matrix) -> Matrix:
        import numpy as np

        if len(scores) > 1 and np.ptp(scores[:, 0]) == 0:
            raise ScoresError(
                f"all {len(scores):,} architectures have the SWAP-score {scores[0, 0]:.0f}, which ends at 2^N for N "
                "samples: score them on a larger batch"
            )
        return np.asarray(scores[:, 0] * np.exp(-((scores[:, 1] - mu) ** 2) / sigma))

    return combined_rows(frame, ("swap", "params"), regularised)


def _ranks(scores: Matrix) -> Matrix:
    """Ascending ranks of each column, from 1; ties get their mean rank."""
    import numpy as np
    from scipy import stats

    return np.asarray(stats.rankdata(scores, axis=0))
