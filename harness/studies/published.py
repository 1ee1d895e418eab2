"""Published rank correlations as data, and ours beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

SPEARMAN, KENDALL = "spearman", "kendall_tau_b"


class Published(NamedTuple):
    """One coefficient that a paper prints.

    Attributes:
        proxy: the name that it has here.
        column: of the table that it ranks.
        coefficient: `spearman` or `kendall_tau_b`.
        value: its sign turned where the paper's score is lower for better.
        source: the paper, and what is to be known of the number.
    """

    proxy: str
    column: str
    coefficient: str
    value: float
    source: str


def triple(
    proxy: str, columns: Sequence[str], values: Sequence[float], source: str, coefficient: str = SPEARMAN
) -> list[Published]:
    """One paper's numbers for several columns."""
    return [Published(proxy, column, coefficient, value, source) for column, value in zip(columns, values, strict=True)]


def beside(rankings: Mapping[str, pd.DataFrame], published: Sequence[Published]) -> pd.DataFrame:
    """Our coefficients, a row each, with the published one where there is one.

    Args:
        rankings: column of the table to its ranking frame (`harness.evaluation.ranking.Ranking.frame`).
        published: of any proxies and columns; those of others are left out.

    Returns:
        `proxy`, `column`, `coefficient`, `n`, `ours`, `low`, `high` (the 95 % interval), `published` (NaN where none
        is known), `difference` (ours less published), `inside` (whether the published value lies in our interval; None
        where there is none), `source`. Spearman's for every proxy and column, Kendall's where one is published. Several
        sources of one number are several rows.
    """
    rows = []
    for column, frame in rankings.items():
        for _, ranked in frame.iterrows():
            of_this = [item for item in published if (item.proxy, item.column) == (ranked["proxy"], column)]
            if not any(item.coefficient == SPEARMAN for item in of_this):
                of_this.insert(0, Published(ranked["proxy"], column, SPEARMAN, math.nan, ""))
            rows += [_row(ranked, item) for item in of_this]
    return pd.DataFrame(rows)


def _row(ranked: pd.Series, item: Published) -> dict[str, object]:
    ours, low, high = (ranked[item.coefficient + end] for end in ("", "_low", "_high"))
    known = not math.isnan(item.value) and not math.isnan(ours)
    return {
        "proxy": item.proxy,
        "column": item.column,
        "coefficient": item.coefficient,
        "n": int(ranked["n"]),
        "ours": ours,
        "low": low,
        "high": high,
        "published": item.value,
        "difference": ours - item.value,
        "inside": bool(low <= item.value <= high) if known else None,
        "source": item.source,
    }
