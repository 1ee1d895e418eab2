"""Learning curves of predictors on the table of the study, on others, and beside training-free scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from harness.evaluation.columns import PRINTED, TESTS
from harness.stats.mean import MeanInterval, student_interval
from harness.studies.searches.seminas.labels import FOREST, NAO, SEMINAS, Sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.evaluation import Table
    from harness.evaluation.predictors import Predictions

CURVE = ("curve", "column")
LINEAR, PROXIES = "linear", "proxies_forest"
ON_TABLE = (LINEAR, FOREST, NAO, SEMINAS)
ON_OTHERS = (LINEAR, PROXIES, NAO, SEMINAS)
"""GRAF's features are of cells of few operations, so that its forest is not there; `proxies_forest` reads the sizes."""
WITH_PROXIES = (FOREST, PROXIES, SEMINAS)
KNOWN = "with known scores"
OTHERS = {
    "darts-random214": ("cifar10_test_600ep_best_pct", (25, 50, 100)),
    "darts-1000": ("cifar10_valid_pct", (50, 100, 200)),
    "nasbench-graph-cora": ("cora_test_pct", (50, 100, 200)),
    "nasbench-graph-arxiv": ("arxiv_test_pct", (50, 100, 200)),
}
"""Column and numbers of architectures, by the name of a table."""


class Curve(NamedTuple):
    """One set of learning curves.

    Attributes:
        curve: name of the table, or of the data set of the study's own, or `KNOWN`.
        column: the column that is predicted.
        predictors: names of the predictors.
        samples: numbers of architectures that they are fitted to.
    """

    curve: str
    column: str
    predictors: tuple[str, ...]
    samples: tuple[int, ...]


def curves_of(sizes: Sizes, names: Sequence[str], *, quick: bool = False) -> list[Curve]:
    """The sets of learning curves; in small, those of the study's table alone."""
    own = [Curve(name, TESTS[name], ON_TABLE, sizes.samples) for name in names]
    if quick:
        return own
    known = Curve(KNOWN, TESTS["cifar10"], WITH_PROXIES, sizes.samples)
    return [*own, known, *(Curve(name, column, ON_OTHERS, samples) for name, (column, samples) in OTHERS.items())]


def is_here(curve: Curve, say: Callable[[str], None]) -> bool:
    """Whether the table of a curve is here, as the study's own is; why not is said."""
    from harness.evaluation import TableError, open_table

    if curve.curve not in OTHERS:
        return True
    try:
        open_table(curve.curve)
    except TableError as error:
        say(f"left out: predictors on {curve.curve}: {error}")
        return False
    return True


def draws_of(curve: Curve, table: Table, sizes: Sizes, seed: int, *, progress: bool) -> Predictions:
    """The learning curves, of the study's table or of that which the curve names.

    Raises:
        SearchError: a table of another space, or one that has too few values.
        TableError: a table without the column.
    """
    from harness.evaluation.known.scores import known_scores
    from harness.evaluation.predictors import predict

    return predict(
        curve.curve if curve.curve in OTHERS else table, curve.column, curve.predictors, samples=curve.samples,
        draws=sizes.draws, seed=seed, scores=known_scores() if curve.curve == KNOWN else None, progress=progress,
    )  # fmt: skip


def proxies_alone(table: Table) -> pd.DataFrame:
    """Kendall's tau-b of every known proxy with CIFAR-10's test accuracy, on the cells that all of them have scored.

    Returns:
        Columns `proxy`, `cells` and `kendall_tau_b`, in falling order.
    """
    from harness.evaluation.known.scores import known_scores
    from harness.stats.rank_correlation import kendall_tau_b, mid_ranks

    wide = known_scores().pivot(index="architecture", columns="proxy", values="score").dropna()
    values = mid_ranks(table.values(list(wide.index), TESTS["cifar10"]))
    rows = [
        {"proxy": name, "cells": len(wide), "kendall_tau_b": kendall_tau_b(mid_ranks(scores.to_numpy()), values)}
        for name, scores in wide.items()
        if scores.nunique() > 1
    ]
    return pd.DataFrame(rows).sort_values("kendall_tau_b", ascending=False, kind="stable", ignore_index=True)


def paired_tau(draws: pd.DataFrame, one: str, other: str, samples: int) -> MeanInterval:
    """Kendall's τ-b of one predictor less that of another on the same draws of cells: mean and 95 % interval.

    Args:
        draws: the draws of one set of learning curves.
        one: name of a predictor.
        other: name of another.
        samples: number of architectures that they were fitted to.
    """
    part = draws[draws["samples"] == samples].pivot(index="draw", columns="predictor", values="kendall_tau_b")
    return student_interval((part[one] - part[other]).tolist())


def title_of(curve: str) -> str:
    """The name of a set of learning curves in print: of a data set its own, else that of the table."""
    return PRINTED.get(curve, curve)
