"""Rank correlations of the same scores on the pools of papers, and of counts on all cells of each pool."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks import Table
from harness.evaluation.columns import SPACE
from harness.evaluation.matching import column_by_key
from harness.evaluation.pools import pool_keys
from harness.evaluation.ranking import correlate
from harness.spaces import open_space

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

K = 1000
"""Cells that NDCG looks at, as in Tybl & Neumann 2025."""
COUNTS = ("params", "flops", "layers")


def coefficients_by_pool(
    frame: pd.DataFrame,
    table: Table,
    columns: Sequence[str],
    pools: Iterable[str],
    prepared: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame,
    least: int = 3,
) -> pd.DataFrame:
    """Spearman's and Kendall's coefficients and NDCG of every proxy on each pool.

    Args:
        frame: scores of cells of NAS-Bench-201, as `harness.run` returns them; architectures as keys.
        table: the table of the columns.
        columns: names of the accuracies to rank by.
        pools: names of pools.
        prepared: makes of the scores in a pool those that are ranked; ranks that are combined are ranks in the pool.
        least: fewest scored cells of a pool that has rows, 3 or more.

    Returns:
        A row for each pool, column and proxy: `pool`, `cells` (of the pool), `scored` (of these), `column`, `proxy`,
        `n` (with a score), `spearman` and `kendall_tau_b` with `_low` and `_high` of their 95 % intervals
        (`harness.stats.rank_influences`), and `ndcg_1000`, which needs every cell of the pool: NaN where some are not
        scored. A cell without a score stands last in it.
    """
    import pandas as pd

    rows = []
    for pool in pools:
        keys = pool_keys(pool)
        inside = frame[frame["architecture"].isin(keys)]
        scored = inside["architecture"].nunique()
        if scored < least:
            continue
        ranked = prepared(inside)
        for column in columns:
            ranking = correlate(ranked, table, column, resamples=1)
            values = column_by_key(table, column).values
            for proxy, points in ranking.points.groupby("proxy", sort=False):
                row = {"pool": pool, "cells": len(keys), "scored": scored, "column": column, "proxy": proxy}
                row.update(_coefficients(points["score"].to_numpy(), points["accuracy"].to_numpy()))
                scores = points.set_index("architecture")["score"]
                whole = scored == len(keys) and len(keys) >= K
                rows.append({**row, f"ndcg_{K}": _ndcg(scores, values, keys) if whole else math.nan})
    return pd.DataFrame(rows)


def counts_by_pool(table: Table, columns: Sequence[str], pools: Iterable[str]) -> pd.DataFrame:
    """The same of parameters, multiply-adds and convolutions, which need no scores, on all cells of each pool."""
    import numpy as np
    import pandas as pd

    from harness.stats import coefficients, ndcg_of_powers_at

    space = open_space(SPACE)
    values = {column: column_by_key(table, column).values for column in columns}
    rows = []
    for pool in pools:
        keys = sorted(pool_keys(pool))
        cells = [space.parse(key) for key in keys]
        sizes = [space.sizes(cell) for cell in cells]
        counts: Mapping[str, list[float]] = {
            "params": [size.parameters for size in sizes],
            "flops": [size.macs for size in sizes],
            "layers": [float(str(cell).count("nor_conv")) for cell in cells],
        }
        for column in columns:
            accuracies = np.array([values[column][key] for key in keys])
            for name in COUNTS:
                found = coefficients(counts[name], accuracies)
                rows.append(
                    {"pool": pool, "cells": len(keys), "column": column, "proxy": name, "n": len(keys),
                     "spearman": found.spearman, "kendall_tau_b": found.kendall_tau_b,
                     f"ndcg_{K}": ndcg_of_powers_at(counts[name], accuracies, K)}
                )  # fmt: skip
    return pd.DataFrame(rows)


def _coefficients(scores: npt.NDArray[np.float64], accuracies: npt.NDArray[np.float64]) -> dict[str, Any]:
    from harness.stats import rank_estimates

    row: dict[str, Any] = {"n": len(scores)}
    for name, estimated in rank_estimates(scores, accuracies).items():
        row[name] = estimated.value
        row[f"{name}_low"], row[f"{name}_high"] = estimated.interval
    return row


def _ndcg(scores: pd.Series[float], values: Mapping[str, float], keys: Iterable[str]) -> float:
    import numpy as np

    from harness.stats import ndcg_of_powers_at

    ordered = sorted(keys)
    filled = scores.reindex(ordered)
    filled = filled.fillna(filled.min() - 1)
    return ndcg_of_powers_at(filled.to_numpy(), np.array([values[key] for key in ordered]), K)
