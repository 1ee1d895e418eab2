"""What the first k of each proxy hold, k from one to all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.report.webpage.content import Content
from harness.stats import best_by_score

_STEPS = 40


def top_curves(content: Content) -> pd.DataFrame:
    """Best value among the k architectures that a proxy scores highest, for k from one to all.

    Returns:
        Index k, a column a proxy in the order of the ranking: exact expectations over ties
        (`harness.stats.best_by_score`). NaN where k exceeds what the proxy has a score of.
    """
    points = content.ranking.points
    scored = {str(proxy): group for proxy, group in points.groupby("proxy", sort=False)}
    return pd.DataFrame(
        {proxy: _best_of_first(content, scored.get(proxy, points.iloc[:0])) for proxy in content.proxies}
    )


def random_curve(content: Content) -> pd.Series[float]:
    """Best value among k architectures drawn at random, on the index of `top_curves`: exact expectations."""
    return _best_of_first(content, content.architectures.assign(score=0.0))


def _best_of_first(content: Content, scored: pd.DataFrame) -> pd.Series[float]:
    """Best value of the first k by `score`, NaN where there are fewer than k rows."""
    sign = content.ranking.sign
    scores, values = scored["score"].to_numpy(), sign * scored["accuracy"].to_numpy()
    counts = np.unique(np.geomspace(1, len(content.architectures), _STEPS).round().astype(int))
    best = [sign * best_by_score(scores, values, k) if k <= len(scored) else np.nan for k in counts]
    return pd.Series(best, index=pd.Index(counts, name="k"))
