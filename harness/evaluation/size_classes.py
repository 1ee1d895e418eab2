"""Rank correlation by size class: among small networks, among large ones, and those between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import ScoresError
from harness.evaluation.matrix import Matrix
from harness.evaluation.ranking import Ranking, check_ranking
from harness.text.presented import Presented

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SizeClasses(Presented):
    """Spearman's coefficient of proxies inside classes of parameters.

    Attributes:
        frame: a row for each proxy and class: `proxy`, `class` (from 1, the smallest networks), `low` and `high` (its
            parameters), `n` (architectures with a score in it), `spearman` with `spearman_low` and `spearman_high`. The
            sign of the values is flipped where lower is better. NaN for fewer than three architectures, or constant
            scores.
        ranking: the ranking of these proxies.
    """

    frame: pd.DataFrame
    ranking: Ranking

    def matrix(self) -> Matrix:
        """The coefficients, a row a proxy, the best of the ranking first, and a column a class; it has a figure."""
        first = self.frame.drop_duplicates("class")
        words = {
            row["class"]: f"{row['low'] / 1e6:.2f} to {row['high'] / 1e6:.2f} M" for row in first.to_dict("records")
        }
        wide = self.frame.pivot(index="proxy", columns="class", values="spearman")
        order = (self.ranking.sign * self.ranking.frame.set_index("proxy")["spearman"]).sort_values(ascending=False)
        wide = wide.loc[order.index].rename(columns=words).rename_axis(index="proxy", columns=None)
        return Matrix(wide, "Spearman's ρ by parameters", -1, 1, 2)


def size_classes(ranking: Ranking, classes: int = 5, *, confidence: float = 0.95) -> SizeClasses:
    """Spearman's coefficient of every proxy inside classes of parameters with about as many architectures each.

    The bounds are quantiles of the ranked architectures' parameters; architectures with equally many are in one class.

    Args:
        ranking: from `harness.correlate`.
        classes: number of classes, 2 or more; fewer come out where many architectures have equal parameters.
        confidence: confidence level of the intervals (`harness.stats.rank_influences`), 0 to 1.

    Raises:
        ScoresError: no ranking, or fewer than two classes.
    """
    import numpy as np
    import pandas as pd

    check_ranking(ranking)
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise ScoresError(f"classes must be a whole number from 2, got {classes!r}")
    sizes = ranking.points.drop_duplicates("architecture").set_index("architecture")["parameters"]
    bounds = np.unique(np.quantile(sizes, np.linspace(0, 1, classes + 1)[1:-1]))
    of = pd.Series(np.searchsorted(bounds, sizes.to_numpy(), side="left"), index=sizes.index)
    rows = []
    for number, (_, members) in enumerate(of.groupby(of), start=1):
        own = sizes.loc[members.index]
        for proxy in ranking.frame["proxy"]:
            chosen = ranking.points[
                (ranking.points["proxy"] == proxy) & ranking.points["architecture"].isin(members.index)
            ]
            found = _spearman(chosen, ranking.sign, confidence)
            bounded = {"class": number, "low": int(own.min()), "high": int(own.max()), "n": len(chosen)}
            rows.append({"proxy": proxy, **bounded, **found})
    return SizeClasses(ranking.described(pd.DataFrame(rows)), ranking)


def _spearman(chosen: pd.DataFrame, sign: float, confidence: float) -> dict[str, float]:
    from harness.stats import rank_estimates

    found = rank_estimates(chosen["score"].to_numpy(), sign * chosen["accuracy"].to_numpy(), confidence=confidence)[
        "spearman"
    ]
    low, high = found.interval
    return {"spearman": found.value, "spearman_low": low, "spearman_high": high}
