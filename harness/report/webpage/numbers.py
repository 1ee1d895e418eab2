"""What the page shows beside the ranking: proxies against each other, the first k, other settings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from harness.report.webpage.content import Content
from harness.stats import best_by_score

_STEPS = 40


def agreement(content: Content) -> pd.DataFrame:
    """Spearman's coefficient of every proxy with every other, on the architectures that both have a score of.

    Returns:
        A square frame; the column that was ranked by comes first, then the proxies in the order of the ranking. NaN
        where fewer than three architectures are common, or one side is constant on them.
    """
    together = pd.concat([content.architectures["accuracy"].rename(content.column), content.scores], axis=1)
    return together.corr(method="spearman", min_periods=3)


def top_curves(content: Content) -> pd.DataFrame:
    """Best value among the k architectures that a proxy scores highest, for k from one to all.

    Returns:
        Index k, a column a proxy in the order of the ranking: exact expectations over ties
        (`harness.stats.best_by_score`). NaN where k exceeds what the proxy has a score of.
    """
    scored = {str(proxy): group for proxy, group in content.points.groupby("proxy", sort=False)}
    columns = {
        proxy: _best_of_first(content, scored.get(proxy, content.points.iloc[:0])) for proxy in content.ranking["proxy"]
    }
    return pd.DataFrame(columns)


def random_curve(content: Content) -> pd.Series[float]:
    """Best value among k architectures drawn at random, on the index of `top_curves`: exact expectations."""
    return _best_of_first(content, content.architectures.assign(score=0.0))


def _best_of_first(content: Content, scored: pd.DataFrame) -> pd.Series[float]:
    """Best value of the first k by `score`, NaN where there are fewer than k rows."""
    sign = 1.0 if content.higher_is_better else -1.0
    scores, values = scored["score"].to_numpy(), sign * scored["accuracy"].to_numpy()
    counts = np.unique(np.geomspace(1, len(content.architectures), _STEPS).round().astype(int))
    best = [sign * best_by_score(scores, values, k) if k <= len(scored) else np.nan for k in counts]
    return pd.Series(best, index=pd.Index(counts, name="k"))


def stability(own: pd.DataFrame, settings: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Spearman's coefficient of each proxy with itself in other settings, on the architectures that both scored.

    Args:
        own: a row an architecture, a column a proxy.
        settings: name to `architecture`, `proxy`, `score`.

    Returns:
        A row a proxy that another setting scored too, a column a setting; NaN where fewer than three architectures are
        common, or one side is constant on them.
    """
    columns = {}
    for name, frame in settings.items():
        other = frame.pivot(index="architecture", columns="proxy", values="score").reindex(own.index)
        columns[name] = {
            proxy: pd.DataFrame({"own": own[proxy], "other": other[proxy]})
            .corr(method="spearman", min_periods=3)
            .loc["own", "other"]
            for proxy in own.columns
            if proxy in other.columns
        }
    found = pd.DataFrame(columns)
    return found.reindex([proxy for proxy in own.columns if proxy in found.index])
