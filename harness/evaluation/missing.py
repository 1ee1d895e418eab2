"""Missing scores of a ranking, with their status and message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evaluation.ranking import Ranking
from harness.evaluation.seeds import matched_over_seeds
from harness.spaces import open_space

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class MissingScores:
    """Missing scores of the architectures of a ranking.

    Attributes:
        frame: a row for each proxy and architecture without a score: `proxy`, `architecture` (as the scores write it),
            `status` (`infinite` or `no score` where the scores do not say), `message`; of scores under several seeds
            those of the first seed without a score.
        asked: number of each proxy's scores, missing ones included; an architecture in two rows counts once.
    """

    frame: pd.DataFrame
    asked: dict[str, int]


def missing_scores(frame: pd.DataFrame, ranking: Ranking) -> MissingScores:
    """The missing scores among those that a ranking was made of; a score is missing if the ranking did not use it.

    Args:
        frame: the scores that `harness.correlate` was given.
        ranking: the ranking of these scores.

    Raises:
        ScoresError: what `harness.evaluation.matching.matched_scores` refuses.
        SpaceError: an architecture of another space.
    """
    import numpy as np
    import pandas as pd

    matched = matched_over_seeds(frame, open_space(ranking.space)).matched
    given = frame.iloc[matched.rows]
    infinite = np.isinf(given["score"].to_numpy(dtype=float))
    status = given["status"] if "status" in given.columns else pd.Series("ok", index=given.index)
    asked = matched.scores.assign(
        written=given["architecture"].astype(str).to_numpy(),
        status=np.where(status.notna() & (status != "ok"), status, np.where(infinite, "infinite", "no score")),
        message=given["message"].fillna("").astype(str).to_numpy() if "message" in given.columns else "",
    )
    left_out = set(ranking.unmatched)
    usable = [key for key, text in matched.written.items() if text not in left_out]
    asked = asked[asked["architecture"].isin(usable)]
    missing = asked[asked["score"].isna()].drop(columns=["architecture", "score"])
    return MissingScores(
        missing.rename(columns={"written": "architecture"})[["proxy", "architecture", "status", "message"]],
        {str(proxy): int(count) for proxy, count in asked["proxy"].value_counts().items()},
    )
