"""Runs of searches on the tables of NAS-Bench-Graph, by validation and by test accuracy, and their means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from harness.stats.mean import MeanInterval, student_interval, welch_interval

SPACE = "nasbench-graph"
VALID, TEST = "valid", "test"
QUANTITIES = ("test_pct", "valid_regret", "test_regret")
"""Accuracy on test of what was found, and by how many points it is below the table's best of each split."""


class Sizes(NamedTuple):
    """Sizes of the study.

    Attributes:
        budgets: numbers of queries.
        runs: runs of each search.
        datasets: names of the data sets; all if there are none.
    """

    budgets: tuple[int, ...]
    runs: int
    datasets: tuple[str, ...] = ()


def datasets() -> list[str]:
    """Names of the data sets of the tables."""
    from harness.evaluation import list_tables

    names = [one.name for one in list_tables()]
    return [name.removeprefix(f"{SPACE}-") for name in names if name.startswith(f"{SPACE}-")]


def runs_frame(
    searches: Sequence[str], asked: Sequence[str], sizes: Sizes, seed: int, say: Callable[[str], None]
) -> pd.DataFrame:
    """A row for each data set, split that is queried, search, number of queries and run.

    Args:
        searches: names of the searches.
        asked: splits whose accuracy is queried, `valid` or `test`.
        sizes: sizes of the study.
        seed: seed of all runs.
        say: prints a line for each search.

    Returns:
        `dataset`, `asked`, `search`, `queries`, `run`, `architecture`, `valid_pct`, `valid_regret`, `test_pct`,
        `test_regret`.

    Raises:
        TableError: the package of the tables is not installed.
    """
    from harness.evaluation import open_table
    from harness.evaluation.searches.by_queries import Asked, runs_by_queries

    places = [(dataset, split) for dataset in sizes.datasets or datasets() for split in asked]
    judged = (VALID, TEST)
    queried = [
        Asked(
            open_table(f"{SPACE}-{dataset}"), f"{dataset}_{split}_pct", {one: f"{dataset}_{one}_pct" for one in judged}
        )
        for dataset, split in places
    ]
    parts = []
    for search in searches:
        say(f"{search}: {sizes.runs:,} runs of {max(sizes.budgets):,} queries on each of {len(queried)} columns")
        parts.append(runs_by_queries(queried, [search], sizes.budgets, runs=sizes.runs, seed=seed))
    runs = pd.concat(parts, ignore_index=True).sort_values("place", kind="stable", ignore_index=True)
    runs = runs.rename(columns={split: f"{split}_pct" for split in judged})
    runs.insert(0, "dataset", [places[place][0] for place in runs["place"]])
    runs.insert(1, "asked", [places[place][1] for place in runs["place"]])
    return runs.drop(columns="place")


def summary_frame(runs: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation and the mean's 95 % interval of each quantity over the runs.

    Args:
        runs: from `runs_frame`.
    """
    rows = []
    for key, part in runs.groupby(["dataset", "asked", "search", "queries"], sort=False):
        row: dict[str, object] = dict(zip(("dataset", "asked", "search", "queries"), key, strict=True))
        row["runs"] = len(part)
        for name in QUANTITIES:
            mean, low, high = student_interval(part[name].tolist())
            row |= {f"{name}_mean": mean, f"{name}_std": part[name].std(), f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return pd.DataFrame(rows)


class Arm(NamedTuple):
    """Runs of one search.

    Attributes:
        search: name of the search.
        queries: number of queries.
        asked: the split whose accuracy it queries.
    """

    search: str
    queries: int
    asked: str = VALID


def difference(runs: pd.DataFrame, one: Arm, other: Arm, quantity: str) -> MeanInterval:
    """A quantity of one arm less that of another: mean over the data sets of their means, and its 95 % interval.

    Data sets are what is sampled: a search that is better on most of them is better, however many runs there are.

    Args:
        runs: from `runs_frame`.
        one: the first arm.
        other: the second arm.
        quantity: one of `QUANTITIES`.
    """
    first, second = (_by_dataset(runs, arm, quantity) for arm in (one, other))
    return student_interval((first - second).tolist())


def _by_dataset(runs: pd.DataFrame, arm: Arm, quantity: str) -> pd.Series:
    chosen = (runs["search"] == arm.search) & (runs["queries"] == arm.queries) & (runs["asked"] == arm.asked)
    return runs[chosen].groupby("dataset", sort=False)[quantity].mean()


def better_on(runs: pd.DataFrame, one: Arm, other: Arm, quantity: str) -> tuple[int, int]:
    """On how many data sets the interval of a difference of two arms, over runs, is above 0, and below it.

    Args:
        runs: from `runs_frame`.
        one: the first arm.
        other: the second arm; runs of one number are not paired, so that Welch's interval is taken.
        quantity: one of `QUANTITIES`.
    """
    above = below = 0
    for _, part in runs.groupby("dataset", sort=False):
        samples = [
            part.loc[
                (part["search"] == arm.search) & (part["queries"] == arm.queries) & (part["asked"] == arm.asked),
                quantity,
            ].tolist()
            for arm in (one, other)
        ]
        interval = welch_interval(*samples)
        above, below = above + (interval.low > 0), below + (interval.high < 0)
    return above, below
