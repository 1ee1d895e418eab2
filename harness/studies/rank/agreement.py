"""Agreement of a proxy's scores under two conditions, next to the claims of papers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from harness.proxies import combined as combine
from harness.stats import bootstrap_intervals, coefficients
from harness.studies.kinds import Claim

_AGREEING = ("pearson", "spearman")


def agreement_of(
    frames: Mapping[str, pd.DataFrame], claims: Sequence[Claim] = (), *, resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Agreement of each proxy's scores under two conditions, over the cells that have both.

    Args:
        frames: scores by the name of their condition.
        claims: claims of papers, on any proxies and conditions.
        resamples: bootstrap resamples of the cells.
        seed: seed of the resampling.

    Returns:
        `proxy`, `first`, `second`, `n`, `pearson` and `spearman` with their 95 % intervals, `…_low` and `…_high`,
        `pearson_of_the_rest` without the twentieth of the cells that score highest under `first` (NaN if the rest is
        constant), since a few huge values can decide Pearson's coefficient; for a claim, its words as `published`, the
        `verdict` by our coefficient and interval, and `source`; these are empty where nothing is claimed. Proxies
        with fewer than three common cells, or constant scores, are left out.
    """
    wide = {name: combine.wide(frame) for name, frame in frames.items()}
    claimed = {(claim.proxy, claim.first, claim.second): claim for claim in claims}
    rows = []
    for first, second in combinations(wide, 2):
        for proxy in wide[first].columns.intersection(wide[second].columns, sort=False):
            pair = pd.concat([wide[first][proxy], wide[second][proxy]], axis=1).dropna().to_numpy()
            if len(pair) < 3 or any(np.ptp(column) == 0 for column in pair.T):
                continue
            estimate = coefficients(pair[:, 0], pair[:, 1])
            ends = bootstrap_intervals(
                pair[:, 0], pair[:, 1], resamples=resamples, generator=np.random.default_rng(seed)
            )
            row: dict[str, Any] = {"proxy": proxy, "first": first, "second": second, "n": len(pair)}
            for name in _AGREEING:
                low, high = getattr(ends, name)[:2]
                row |= {name: getattr(estimate, name), f"{name}_low": low, f"{name}_high": high}
            row["pearson_of_the_rest"] = _of_the_rest(pair)
            claim = claimed.get((proxy, first, second))
            verdict = "" if claim is None else claim.verdict(*(row[f"pearson{end}"] for end in ("", "_low", "_high")))
            printed, source = ("", "") if claim is None else (claim.words, claim.source)
            rows.append(row | {"published": printed, "verdict": verdict, "source": source})
    return pd.DataFrame(rows)


def _of_the_rest(pair: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Pearson's coefficient without the twentieth of the rows (at least one) that is highest in the first column."""
    left_out = math.ceil(len(pair) / 20)
    rest = pair[np.argsort(pair[:, 0], kind="stable")[: len(pair) - left_out]]
    if len(rest) < 3 or any(np.ptp(column) == 0 for column in rest.T):
        return math.nan
    return coefficients(rest[:, 0], rest[:, 1]).pearson
