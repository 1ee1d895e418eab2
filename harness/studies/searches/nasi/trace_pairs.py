"""The comparisons of traces that are drawn and measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from harness.report.figures.traces import TracePair
from harness.studies.searches.nasi.traces import APPROXIMATE, EXACT, MODES, SMALL
from harness.studies.searches.nasi.variants import BATCH, DEPTH, SIDE, WIDTH


def pairs_of(exact: pd.DataFrame, relaxed: pd.DataFrame) -> list[TracePair]:
    """Approximate against exact trace in each mode of batch norm, and relaxed against discrete networks.

    Networks whose traces are not both positive are left out.

    Args:
        exact: from `harness.studies.searches.nasi.traces.approximate_and_exact`.
        relaxed: from `harness.studies.searches.nasi.traces.relaxed_and_discrete`.
    """
    of_mode = [
        _pair(mode_words, exact[exact["mode"] == mode], EXACT, APPROXIMATE, ("exact trace", "approximate trace"))
        for mode, mode_words in ((mode, condition.words) for mode, condition in MODES.items())
    ]
    words = ("trace, discrete network", "trace, relaxed network")
    return [*of_mode, _pair("relaxed and discrete", relaxed, "discrete", "relaxed", words)]


def coefficients(pairs: Sequence[TracePair]) -> pd.DataFrame:
    """`between`, `count`, `spearman`, `pearson`, and `pearson_log` of the logarithms, of each comparison."""
    return pd.DataFrame(
        [
            {
                "between": f"{pair.x_label} and {pair.y_label}, {pair.title}", "count": len(pair.x),
                "spearman": pair.spearman, "pearson": float(stats.pearsonr(pair.x, pair.y).statistic),
                "pearson_log": float(stats.pearsonr(np.log(pair.x), np.log(pair.y)).statistic),
            }
            for pair in pairs
        ]
    )  # fmt: skip


def small_print(networks: int, draws: int) -> str:
    """Sizes of the networks, for the figure's small print."""
    sizes = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in SMALL.items())
    return (
        f"Gaussian noise with random labels. Approximate and exact: {networks // len(MODES):,} random cells, {sizes}. "
        f"Relaxed and discrete: {draws:,} draws of Gumbel noise on one supernet, C = {WIDTH}, N = {DEPTH}, "
        f"batch {BATCH}, {SIDE} × {SIDE}; the discrete network has each edge's strongest operation and its weights."
    )


def _pair(title: str, frame: pd.DataFrame, x: str, y: str, labels: tuple[str, str]) -> TracePair:
    kept = frame[(frame[x] > 0) & (frame[y] > 0)]
    first, second = kept[x].to_numpy(dtype=float), kept[y].to_numpy(dtype=float)
    return TracePair(title, first, second, *labels, float(stats.spearmanr(first, second).statistic))
