"""Clean and robust accuracies of the tabulated networks, and what proxies tell of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness.evaluation.known.scores import known_scores
from harness.stats import partial_correlations, rank_estimates, resampled_coefficients
from harness.stats.intervals import percentile_interval
from harness.stats.names import COEFFICIENTS
from harness.studies.searches.robust.cells import CLEAN

if TYPE_CHECKING:
    from harness.evaluation import Table

ABOVE_PCT = 90.0
"""Clean accuracy above which the better cells are looked at alone."""
RESAMPLES, QUICK_RESAMPLES = 1000, 50
TARGETS = (
    "cifar10half_test_200ep_fgsm_linf_eps1_pct", "cifar10half_test_200ep_fgsm_linf_eps8_pct",
    "cifar10half_test_200ep_pgd_linf_eps1_pct", "cifar10half_test_200ep_pgd_linf_eps2_pct",
    "cifar10half_test_200ep_apgd_ce_linf_eps1_pct", "cifar10half_test_200ep_square_linf_eps1_pct",
)  # fmt: skip
"""Robust accuracies that proxies are held against; most cells are at 0 under stronger attacks."""
_LEAST = 3


def attacks_frame(table: Table) -> pd.DataFrame:
    """Rank correlation of the clean accuracy with that under each attack, over all cells and over the better ones.

    Returns:
        `column`, `cells` (`all` or `above 90 %`), `n`, Spearman's `spearman` with `low` and `high` (95 %), `highest`
        (the best accuracy, in per cent) and `zeros` (the share of the cells that are at 0).
    """
    clean = table.values(table.keys, CLEAN)
    better = clean > ABOVE_PCT
    rows = []
    for column in table.columns:
        if column.name == CLEAN:
            continue
        values = table.values(table.keys, column.name)
        for words, mask in (("all", np.ones_like(better)), (f"above {ABOVE_PCT:g} %", better)):
            found = rank_estimates(clean[mask], values[mask])["spearman"]
            rows.append(
                {
                    "column": column.name, "cells": words, "n": int(mask.sum()), "spearman": found.value,
                    "low": found.interval.low, "high": found.interval.high, "highest": float(values[mask].max()),
                    "zeros": float((values[mask] == 0).mean()),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def proxies_frame(table: Table, *, seed: int, quick: bool = False) -> pd.DataFrame:
    """Rank correlation of each proxy with clean and robust accuracy, and with the robust one beyond the clean one.

    The scores are those that come with the package; a proxy is compared on the cells of which it has a score.

    Returns:
        `proxy`, `column`, `n`, `spearman` with `low` and `high`, and `beyond_clean` (the partial coefficient with the
        clean accuracy held fixed; NaN for that itself) with `beyond_low` and `beyond_high`. 95 % percentile intervals
        over the choice of cells.
    """
    wide = known_scores().pivot(index="architecture", columns="proxy", values="score")
    wide = wide.loc[:, wide.notna().sum() >= _LEAST]
    names = list(dict.fromkeys(known_scores()["proxy"]))
    groups: dict[bytes, list[str]] = {}
    for name in names:
        if name in wide:
            groups.setdefault(wide[name].notna().to_numpy().tobytes(), []).append(name)
    resamples = QUICK_RESAMPLES if quick else RESAMPLES
    rows = []
    for together in groups.values():
        part = wide[together].dropna()
        scores, keys = part.to_numpy().T, list(part.index)
        for column in (CLEAN, *TARGETS):
            rows += _rows(together, scores, table, keys, column, resamples, seed)
    frame = pd.DataFrame(rows)
    order = {name: place for place, name in enumerate(names)}
    return frame.sort_values(
        ["proxy", "column"], key=lambda one: one.map(order) if one.name == "proxy" else one
    ).reset_index(drop=True)


def _rows(
    names: Sequence[str], scores: Any, table: Table, keys: list[str], column: str, resamples: int, seed: int
) -> list[dict[str, Any]]:
    values, clean = table.values(keys, column), table.values(keys, CLEAN)
    options: dict[str, Any] = {"resamples": resamples}
    place = COEFFICIENTS.index("spearman")
    plain = resampled_coefficients(
        scores, values, generator=np.random.default_rng(seed), wanted=["spearman"], **options
    )
    partials = None
    if column != CLEAN:
        partials = partial_correlations(scores, values, [clean], generator=np.random.default_rng(seed), **options)
    rows = []
    for row, name in enumerate(names):
        interval = percentile_interval(plain.values[row, :, place], 0.95)
        found = {
            "proxy": name, "column": column, "n": len(keys), "spearman": float(plain.estimates[row, place]),
            "low": interval.low, "high": interval.high, "beyond_clean": np.nan, "beyond_low": np.nan,
            "beyond_high": np.nan,
        }  # fmt: skip
        if partials is not None:
            (one,) = partials[row]
            found |= {"beyond_clean": one.value, "beyond_low": one.interval.low, "beyond_high": one.interval.high}
        rows.append(found)
    return rows
