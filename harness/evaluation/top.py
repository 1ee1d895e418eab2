"""Top-k evaluation: best value, regret, precision and NDCG of the k highest scores, and ranking of the best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evaluation.ranking import Ranking, check_ranking
from harness.progress import patient_bar
from harness.text.presented import Presented

if TYPE_CHECKING:
    import pandas as pd

FIRST = (1, 10, 100)
SHARES = (0.01, 0.05, 0.1, 0.25)


@dataclass(frozen=True)
class Top(Presented):
    """What the highest scores of each proxy are worth, and its rank correlation among the best architectures.

    Attributes:
        frame: a row for each proxy: `proxy`, `n`; for k of 1, 10 and 100, as far as n allows, `best_of_k` (expected
            best value of the k highest scores), `regret_of_k` (by how much that is worse than the best value of all
            scored architectures), `precision_at_k`, `ndcg_at_k`; `sample_k` and `sample_k_std`, mean and standard
            deviation of the value of the highest score among k random architectures without replacement;
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
    from harness.stats import best_by_score, best_of_random, ndcg_at, precision_at, top_correlation

    sign = ranking.sign
    chosen = ranking.points[ranking.points["proxy"] == name]
    scores, values = chosen["score"].to_numpy(), sign * chosen["accuracy"].to_numpy()
    row: dict[str, object] = {"proxy": name, "n": len(chosen)}
    for k in FIRST:
        names = [f"best_of_{k}", f"regret_of_{k}", f"precision_at_{k}", f"ndcg_at_{k}", f"sample_{k}"]
        row.update(dict.fromkeys([*names, f"sample_{k}_std"], math.nan))
        if len(chosen) < max(k, 2):
            continue
        best = best_by_score(scores, values, k)
        sampled = best_of_random(scores, values, k, replacement=False)
        figures = [sign * best, values.max() - best, precision_at(scores, values, k), ndcg_at(scores, values, k)]
        row.update(zip(names, [*figures, sign * sampled.mean], strict=True))
        row[f"sample_{k}_std"] = sampled.deviation
    for share in SHARES:
        found = top_correlation(scores, values, share).coefficients if len(chosen) else None
        row[f"spearman_top_{100 * share:.0f}"] = math.nan if found is None else found.spearman
        row[f"n_top_{100 * share:.0f}"] = 0 if found is None else found.n
    return row
