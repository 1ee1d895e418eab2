"""Agreement: rank correlation of proxies with each other, and of each proxy with itself in other settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.errors import ScoresError, unknown
from harness.evaluation.matrix import Matrix
from harness.evaluation.ranking import Ranking, wide_scores
from harness.evaluation.seeds import matched_over_seeds
from harness.spaces import open_space
from harness.stats.names import BASELINES

if TYPE_CHECKING:
    import pandas as pd

_LEAST = 3


def agreement(ranking: Ranking) -> pd.DataFrame:
    """Spearman's coefficient of every proxy with every other, over the architectures that both have scored.

    Args:
        ranking: from `harness.correlate`.

    Returns:
        A square frame: the column of the ranking comes first, then the proxies in the order of the ranking. NaN where
        fewer than three architectures are common, or one side is constant on them.
    """
    import pandas as pd

    wide, values = wide_scores(ranking)
    wide = wide.reindex(columns=ranking.frame["proxy"].tolist())
    return pd.concat([values.rename(ranking.column), wide], axis=1).corr(method="spearman", min_periods=_LEAST)


def agreement_matrix(ranking: Ranking, proxies: Sequence[str] = ()) -> Matrix:
    """Spearman's coefficient of every proxy with every other and with the column, as a matrix with a figure.

    Args:
        ranking: from `harness.correlate`.
        proxies: names of the proxies; by default all that have scores.

    Raises:
        ScoresError: a proxy that is not in the ranking, with the nearest name.
    """
    there = ranking.frame["proxy"].tolist()
    for name in proxies:
        if name not in there:
            raise ScoresError(unknown("proxy of these scores", name, there))
    found = agreement(ranking)
    chosen = [ranking.column, *(dict.fromkeys(proxies) or ranking.frame.loc[ranking.frame["n"] > 0, "proxy"])]
    return Matrix(found.loc[chosen, chosen], "Spearman's ρ", -1, 1, 2)


def agreement_over_settings(ranking: Ranking, settings: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Spearman's coefficient of each proxy's scores with its scores in other settings, pair by pair.

    Each pair is compared on the architectures that it has in common; `harness.evaluation.stability.stability` compares
    on those that all settings have, and gives intervals.

    Args:
        ranking: from `harness.correlate`; its scores are compared with the others.
        settings: name of each other setting to its scores, as `harness.run` returns them.

    Returns:
        A row for each proxy that has scores in another setting, a column for each setting; without the baselines,
        which do not depend on the setting. NaN where fewer than three architectures are common, or one side is constant
        on them.

    Raises:
        ScoresError: what `harness.evaluation.matching.matched_scores` refuses.
        SpaceError: an architecture of another space.
    """
    import pandas as pd

    own, _ = wide_scores(ranking)
    proxies = [name for name in own.columns if name not in BASELINES]
    columns = {}
    for label, frame in settings.items():
        scores = matched_over_seeds(frame, open_space(ranking.space)).matched.scores
        other = scores.pivot(index="architecture", columns="proxy", values="score").reindex(own.index)
        columns[label] = {
            name: pd.DataFrame({"own": own[name], "other": other[name]})
            .corr(method="spearman", min_periods=_LEAST)
            .loc["own", "other"]
            for name in proxies
            if name in other.columns
        }
    found = pd.DataFrame(columns)
    return found.reindex([name for name in proxies if name in found.index])
