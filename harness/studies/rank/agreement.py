"""Agreement of a proxy's scores under two conditions, next to the claims of papers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from harness.evaluation.published import ConditionsAgreement
from harness.proxies import combined as combine
from harness.stats import bootstrap_intervals, coefficients
from harness.studies.kinds import Claim

_AGREEING = ("pearson", "spearman")


def agreement_of(
    frames: Mapping[str, pd.DataFrame],
    claims: Sequence[Claim] = (),
    words: Mapping[str, str] | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> ConditionsAgreement:
    """Agreement of each proxy's scores under two conditions, over the cells that have both.

    Args:
        frames: scores by the name of their condition.
        claims: claims of papers, on any proxies and conditions.
        words: what each condition is called, by its name; by default its name.
        resamples: bootstrap resamples of the cells.
        seed: seed of the resampling.

    Returns:
        The agreement; proxies with fewer than three common cells, or constant scores, are left out.
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
    return ConditionsAgreement(pd.DataFrame(rows), words or {name: name for name in frames})


def _of_the_rest(pair: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Pearson's coefficient without the twentieth of the rows (at least one) that is highest in the first column."""
    left_out = math.ceil(len(pair) / 20)
    rest = pair[np.argsort(pair[:, 0], kind="stable")[: len(pair) - left_out]]
    if len(rest) < 3 or any(np.ptp(column) == 0 for column in rest.T):
        return math.nan
    return coefficients(rest[:, 0], rest[:, 1]).pearson
