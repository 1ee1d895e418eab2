"""Searches with a budget of labels: what each finds on the table, run by run, and on average."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from harness.evaluation.searches.query_runs import QueryTask, run_task
from harness.stats.mean import MeanInterval, student_interval

if TYPE_CHECKING:
    from harness.evaluation import Table

SEMINAS, NAO, FOREST = "seminas", "nao", "graf_forest"
CHEAP = ("random_search", "regularised_evolution")
LABELS, TEST = "cifar10_valid_200ep_pct", "cifar10_test_200ep_pct"
"""What is queried, and what the found cell is judged by."""
SEVENTH = 7


class Sizes(NamedTuple):
    """Sizes of the study.

    Attributes:
        labels: numbers of labels of all searches.
        more: further numbers, of all but SemiNAS: seven times those.
        runs: runs of each search that fits a predictor.
        cheap: runs of each search that fits none.
        samples: numbers of cells that predictors are fitted to.
        draws: draws of these cells.
    """

    labels: tuple[int, ...] = (50, 100)
    more: tuple[int, ...] = (350,)
    runs: int = 3
    cheap: int = 300
    samples: tuple[int, ...] = (50, 100, 200)
    draws: int = 3


USUAL = Sizes()
QUICK = Sizes((10,), (70,), 2, 20, (20, 40), 2)
FULL = Sizes((50, 100, 200, 300), (350, 700, 1400, 2100), 20, 300, (25, 50, 100, 200, 400), 20)


def runs_frame(table: Table, sizes: Sizes, seed: int, say: Callable[[str], None]) -> pd.DataFrame:
    """A row for each run: `search`, `labels` (its budget), `run`, `queries`, the test accuracy of its cell, `regret`.

    Runs of one number are paired: all searches that fit predictors begin with the same random cells, and those of a
    smaller budget are among those of a larger one.

    Args:
        table: a table with the two columns for all cells.
        sizes: sizes of the study.
        seed: seed of all runs.
        say: prints a line for each search and budget.

    Raises:
        SearchError: a table that lacks a value.
    """
    from harness.evaluation.searches.table_queries import TableQueries
    from harness.search.query.oracle import Fidelity

    asked = TableQueries(table, LABELS, "modelled")
    labels, tests = (np.asarray(table.values(asked.keys, name), dtype=np.float64) for name in (LABELS, TEST))
    fidelity = Fidelity(labels[None], np.ones(len(labels)))
    parts = []
    for name in (SEMINAS, NAO, FOREST, *CHEAP):
        cheap = name in CHEAP
        for budget in (*sizes.labels, *(() if name == SEMINAS else sizes.more)):
            task = QueryTask(
                name, asked.indexed, (fidelity,), {}, sizes.cheap if cheap else sizes.runs, seed, float(budget),
                None if cheap else budget,
            )  # fmt: skip
            end = run_task(task)
            found = tests[end.cells]
            say(f"{name}, {budget:,} labels: {found.mean():.2f}")
            parts.append(
                pd.DataFrame(
                    {"search": name, "labels": budget, "run": range(len(found)), "queries": end.queries, TEST: found,
                     "regret": tests.max() - found}
                )
            )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def summary_frame(runs: pd.DataFrame) -> pd.DataFrame:
    """Of each search and budget: `runs`, `queries`, mean and deviation of the accuracy with the mean's 95 % interval.

    Args:
        runs: from `runs_frame`.
    """
    rows = []
    for (name, budget), part in runs.groupby(["search", "labels"], sort=False):
        mean, low, high = student_interval(part[TEST].tolist())
        rows.append(
            {
                "search": name, "labels": budget, "runs": len(part), "queries": part["queries"].mean(),
                f"{TEST}_mean": mean, f"{TEST}_std": part[TEST].std(), f"{TEST}_low": low, f"{TEST}_high": high,
                "regret_mean": part["regret"].mean(),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def paired(runs: pd.DataFrame, one: tuple[str, int], other: tuple[str, int]) -> MeanInterval:
    """Accuracy of one search and budget less that of another, paired by run: mean and 95 % interval.

    Args:
        runs: from `runs_frame`.
        one: search and number of labels.
        other: search and number of labels, of as many runs.
    """
    first, second = (
        runs[(runs["search"] == name) & (runs["labels"] == labels)].set_index("run")[TEST]
        for name, labels in (one, other)
    )
    return student_interval((first - second).tolist())


def paired_tau(draws: pd.DataFrame, one: str, other: str, samples: int) -> MeanInterval:
    """Kendall's τ-b of one predictor less that of another on the same draws of cells: mean and 95 % interval."""
    part = draws[draws["samples"] == samples].pivot(index="draw", columns="predictor", values="kendall_tau_b")
    return student_interval((part[one] - part[other]).tolist())


def sevenfold(labels: Sequence[int], there: Sequence[int]) -> list[int]:
    """The numbers of labels of which seven times as many were run, too."""
    return [count for count in labels if SEVENTH * count in there]
