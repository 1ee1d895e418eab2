"""Published coefficients beside ours on each pool: which pool a published number fits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from harness.evaluation.by_pool import COUNTS
from harness.studies.whole_space.published import PUBLISHED, PooledCoefficient

if TYPE_CHECKING:
    import pandas as pd


def beside_published_pools(pools: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """A row for each published coefficient of a proxy that we have.

    Args:
        pools: from `coefficients_by_pool`.
        counts: from `counts_by_pool`; they are of all cells of a pool, and stand in place of scores of these names.

    Returns:
        `proxy`, `column`, `coefficient`, `published`, `pool` (its own; empty where it is not known), `remark`,
        `source`; for each pool ours under its name with `_low` and `_high`, and `_inside`, whether the published value
        lies in our interval, to its printed digits; None where there is no interval. Counts are exact, and have none: a
        published value is inside within 0.005, since another table of the same trainings moves them by up to 0.002.
    """
    import pandas as pd

    names = list(dict.fromkeys(pools["pool"]))
    ours = {(row["pool"], row["column"], row["proxy"]): row for row in pools.to_dict("records")}
    ours.update({(row["pool"], row["column"], row["proxy"]): row for row in counts.to_dict("records")})
    rows = []
    for item in PUBLISHED:
        found = {name: ours.get((name, item.column, item.proxy)) for name in names}
        if not any(found.values()):
            continue
        row: dict[str, Any] = {
            "proxy": item.proxy, "column": item.column, "coefficient": item.coefficient, "published": item.value,
            "pool": item.pool, "remark": item.remark, "source": item.source,
        }  # fmt: skip
        for name, own in found.items():
            row.update(_beside(name, own, item))
        rows.append(row)
    return pd.DataFrame(rows)


def _beside(pool: str, own: dict[Any, Any] | None, item: PooledCoefficient) -> dict[str, Any]:
    value, low, high = (
        math.nan if own is None else float(own.get(f"{item.coefficient}{end}", math.nan))
        for end in ("", "_low", "_high")
    )
    if item.proxy in COUNTS:
        low, high = value, value
    third = item.proxy not in COUNTS and round(item.value, 2) != item.value
    half = 0.0005 if third else 0.005
    known = not (math.isnan(low) or math.isnan(high))
    inside = bool(low - half <= item.value <= high + half) if known else None
    return {pool: value, f"{pool}_low": low, f"{pool}_high": high, f"{pool}_inside": inside}
