"""Top-k evaluation: what the k highest scores are worth, by several measures, and the ranking of the best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evaluation.ranking import Ranking, check_ranking
from harness.progress import patient_bar
from harness.text.presented import Presented

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

FIRST = (1, 10, 100)
SHARES = (0.01, 0.05, 0.1, 0.25)
_MEASURES = (
    "best_of", "regret_of", "precision_at", "ndcg_at", "kendall_at", "best_rank_at", "worst_rank_at", "sample",
)  # fmt: skip
P = 1000
"""Ranks that the NDCG of Tybl & Neumann 2025 counts, where there are as many."""


@dataclass(frozen=True)
class Top(Presented):
    """What the highest scores of each proxy are worth, and its rank correlation among the best architectures.

    Attributes:
        frame: a row for each proxy: `proxy`, `n`; for k of 1, 10 and 100, as far as n allows, `best_of_k` (expected
            best value of the k highest scores), `regret_of_k` (by how much that is worse than the best value of all
            scored architectures), `precision_at_k`, `ndcg_at_k`, NASLib's `kendall_at_k`, `best_rank_at_k` and
            `worst_rank_at_k`; `sample_k` and `sample_k_std`, mean and standard deviation of the value of the highest
            score among k random architectures without replacement; `ndcg_of_powers`, with the gain 2^accuracy − 1 of
            percentages and the first `ndcg_of_powers_k` ranks (1,000, or all of fewer), NaN for other columns;
            `spearman_top_s`, Spearman's coefficient among the best s per cent by value, for 1, 5, 10 and 25, and
            `n_top_s`, the number of these architectures (with all that tie with the last). NaN where there are too few.
            Ties in scores are broken at random, in expectation. Values keep the unit and direction of the column; the
            sign of coefficients is flipped where lower is better.
        ranking: the ranking of these proxies.
    """

    frame: pd.DataFrame
    ranking: Ranking


def top(ranking: Ranking, *, progress: bool = False) -> Top:
    """Value of the highest scores of each proxy, and its rank correlation among the best architectures.

    Args:
        ranking: from `harness.correlate`.
        progress: whether to draw a progress bar over the proxies on standard error, if it takes longer than 2 seconds.

    Raises:
        ScoresError: no ranking.
    """
    import pandas as pd

    check_ranking(ranking)
    with patient_bar(progress, len(ranking.frame), "proxies", ("comparing", "compared")) as advance:
        rows = []
        for name in ranking.frame["proxy"]:
            rows.append(_row(ranking, name))
            advance(1)
    return Top(ranking.described(pd.DataFrame(rows)), ranking)


def _row(ranking: Ranking, name: str) -> dict[str, object]:
    """The row of one proxy."""
    from harness.stats import ndcg_of_powers_at, top_correlation

    sign = ranking.sign
    chosen = ranking.points[ranking.points["proxy"] == name]
    scores, values = chosen["score"].to_numpy(), sign * chosen["accuracy"].to_numpy()
    row: dict[str, object] = {"proxy": name, "n": len(chosen)}
    for k in FIRST:
        row.update(_first(scores, values, k, sign))
    row["ndcg_of_powers_k"] = min(P, len(chosen))
    percent = ranking.value_name == "accuracy" and len(chosen) > 1
    row["ndcg_of_powers"] = ndcg_of_powers_at(scores, values, min(P, len(chosen))) if percent else math.nan
    for share in SHARES:
        found = top_correlation(scores, values, share).coefficients if len(chosen) else None
        row[f"spearman_top_{100 * share:.0f}"] = math.nan if found is None else found.spearman
        row[f"n_top_{100 * share:.0f}"] = 0 if found is None else found.n
    return row


def _first(scores: npt.NDArray[np.float64], values: npt.NDArray[np.float64], k: int, sign: float) -> dict[str, float]:
    """The measures of the k highest scores; all NaN where there are fewer, or a single architecture.

    Args:
        scores: scores of the proxy, shape [n].
        values: values of the column, shape [n], turned so that higher is better.
        k: number of architectures.
        sign: -1 for values that were turned, else 1.
    """
    from harness import stats

    if len(scores) < max(k, 2):
        return dict.fromkeys((f"{name}_{k}" for name in _MEASURES), math.nan) | {f"sample_{k}_std": math.nan}
    best = stats.best_by_score(scores, values, k)
    sampled = stats.best_of_random(scores, values, k, replacement=False)
    figures = (
        sign * best,
        float(values.max()) - best,
        stats.precision_at(scores, values, k),
        stats.ndcg_at(scores, values, k),
        stats.kendall_at(scores, values, k),
        stats.best_rank_at(scores, values, k),
        stats.worst_rank_at(scores, values, k),
        sign * sampled.mean,
    )
    return {f"{name}_{k}": figure for name, figure in zip(_MEASURES, figures, strict=True)} | {
        f"sample_{k}_std": sampled.deviation
    }
