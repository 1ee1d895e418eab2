"""Searches with a budget of labels: what each finds on the table, run by run, and on average."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from harness.evaluation.columns import PRINTED, TESTS
from harness.evaluation.searches.query_runs import QueryTask, run_task
from harness.stats.mean import MeanInterval, student_interval

if TYPE_CHECKING:
    from harness.evaluation import Table

SEMINAS, NAO, FOREST = "seminas", "nao", "graf_forest"
CHEAP = ("random_search", "regularised_evolution")
ACCURACY = "test_pct"
"""Test accuracy after 200 epochs of the cell that a run found."""
PART = ("data_set", "search", "labels")
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
    runs: int = 20
    cheap: int = 300
    samples: tuple[int, ...] = (50, 100, 200)
    draws: int = 20


USUAL = Sizes()
QUICK = Sizes((10,), (70,), 2, 20, (20, 40), 2)
FULL = Sizes((50, 100, 200, 300), (350, 700, 1400, 2100), 20, 300, (25, 50, 100, 200, 400), 20)


class Part(NamedTuple):
    """All runs of one search with one number of labels.

    Attributes:
        data_set: name of the data set in columns.
        search: name of the search.
        labels: its number of labels.
    """

    data_set: str
    search: str
    labels: int


def queried(data_set: str) -> str:
    """The column that is queried: the validation accuracy after 200 epochs."""
    return f"{data_set}_valid_200ep_pct"


def data_sets(table: Table) -> list[str]:
    """The data sets of which a table has both columns, CIFAR-10 among them.

    Raises:
        TableError: a table without those of CIFAR-10.
    """
    for column in (queried("cifar10"), TESTS["cifar10"]):
        table.column(column)
    return [name for name in PRINTED if {queried(name), TESTS[name]} <= {*table.column_names}]


def parts_of(sizes: Sizes, names: Sequence[str]) -> list[Part]:
    """The parts of the study, those of one data set after the other."""
    return [
        Part(data_set, search, budget)
        for data_set in names
        for search in (SEMINAS, NAO, FOREST, *CHEAP)
        for budget in (*sizes.labels, *(() if search == SEMINAS else sizes.more))
    ]


def run_part(table: Table, part: Part, sizes: Sizes, seed: int) -> pd.DataFrame:
    """A row for each run: the part, `run`, `queries`, the test accuracy of its cell, and `regret`.

    Runs of one number are paired: all searches that fit predictors begin with the same random cells, and those of a
    smaller budget are among those of a larger one.

    Args:
        table: a table with the two columns for all cells.
        part: the search, its number of labels and its data set.
        sizes: sizes of the study.
        seed: seed of all runs.

    Raises:
        SearchError: a table that lacks a value.
    """
    from harness.evaluation.searches.table_queries import TableQueries
    from harness.search.query.oracle import Fidelity

    column = queried(part.data_set)
    asked = TableQueries(table, column, "modelled")
    labels, tests = (
        np.asarray(table.values(asked.keys, name), dtype=np.float64) for name in (column, TESTS[part.data_set])
    )
    fidelity = Fidelity(labels[None], np.ones(len(labels)))
    cheap = part.search in CHEAP
    task = QueryTask(
        part.search, asked.indexed, (fidelity,), {}, sizes.cheap if cheap else sizes.runs, seed, float(part.labels),
        None if cheap else part.labels,
    )  # fmt: skip
    end = run_task(task)
    found = tests[end.cells]
    return pd.DataFrame(
        {**part._asdict(), "run": range(len(found)), "queries": end.queries, ACCURACY: found,
         "regret": tests.max() - found}
    )  # fmt: skip


def summary_frame(runs: pd.DataFrame) -> pd.DataFrame:
    """Of each part: `runs`, `queries`, mean and deviation of the accuracy with the mean's 95 % interval, `regret_mean`.

    Args:
        runs: from `run_part`, one behind the other.
    """
    rows = []
    for names, part in runs.groupby(list(PART), sort=False):
        mean, low, high = student_interval(part[ACCURACY].tolist())
        rows.append(
            {
                **dict(zip(PART, names, strict=True)), "runs": len(part), "queries": part["queries"].mean(),
                f"{ACCURACY}_mean": mean, f"{ACCURACY}_std": part[ACCURACY].std(), f"{ACCURACY}_low": low,
                f"{ACCURACY}_high": high, "regret_mean": part["regret"].mean(),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def paired(runs: pd.DataFrame, one: tuple[str, int], other: tuple[str, int]) -> MeanInterval:
    """Accuracy of one search and budget less that of another, paired by run: mean and 95 % interval.

    Args:
        runs: from `run_part`, of one data set.
        one: search and number of labels.
        other: search and number of labels, of as many runs.
    """
    first, second = (
        runs[(runs["search"] == name) & (runs["labels"] == labels)].set_index("run")[ACCURACY]
        for name, labels in (one, other)
    )
    return student_interval((first - second).tolist())


def sevenfold(labels: Sequence[int], there: Sequence[int]) -> list[int]:
    """The numbers of labels of which seven times as many were run, too."""
    return [count for count in labels if SEVENTH * count in there]
