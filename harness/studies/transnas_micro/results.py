"""What the study finds: correlations between tasks, between two trainings, and of proxies with each task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from harness.evaluation import Table
from harness.evaluation.comparison import compare
from harness.evaluation.published import BesidePublished
from harness.evaluation.ranking import Ranking, correlate
from harness.spaces import open_space
from harness.spaces.nasbench201.dead_branches import has_dead_branch
from harness.spaces.transnas_micro import MicroCell, TransNasMicro
from harness.studies.rank.rank_study import compared
from harness.studies.transnas_micro.own_results import OwnResults, beside_scene
from harness.studies.transnas_micro.published import COEFFICIENTS, LEGEND

SPACE = "transnas-micro"
CELLS = {"all": "all 4,096 cells", "valid": "the 2,128 cells without dead branches"}
"""The parts of the space."""
POOLS = {"all": "networks", "valid": "networks without dead branches"}
"""The same parts of the networks that are scored."""
RETRAINED = "another training"
"""In the place of a proxy: the value of another cell that is the same network."""


@dataclass(frozen=True)
class Results:
    """The results of the study; a coefficient is Spearman's.

    Attributes:
        tasks: by pool, the coefficients between the test values of each two tasks over the whole table.
        retrained: a row for each pool and task: the coefficient between cells that are one network and were trained
            each by itself, with its interval, and the number of pairs.
        rankings: by pool, the ranking of the scored cells by each task, by the name of the task.
        by_task: a row for each pool, task and proxy: the coefficient with its interval, and what a paired comparison
            with `params` says, corrected for all pairs of proxies of the task.
        orders: the coefficients between each two tasks over the proxies' own coefficients, in the pool `valid`.
        beside: our coefficients in the pool `valid` next to those of public scores.
        own: whether scores of each task's own network rank it better; None without such scores.
    """

    tasks: Mapping[str, pd.DataFrame]
    retrained: pd.DataFrame
    rankings: Mapping[str, Mapping[str, Ranking]]
    by_task: pd.DataFrame
    orders: pd.DataFrame
    beside: BesidePublished
    own: OwnResults | None = None


def task_columns(table: Table) -> dict[str, str]:
    """The column of each task's test value, by the name of the task, in the order of the table."""
    return {str(column.dataset): column.name for column in table.columns if column.split == "test"}


def networks(count: int, seed: int = 0) -> list[MicroCell]:
    """`count` different networks in random order, or all 1,666, each as the smallest cell that is this network."""
    space = _space()
    return [cell for cell in space.sample(len(space), seed) if space.minimal(cell) == cell][:count]


@cache
def keys_of(pool: str) -> tuple[str, ...]:
    """Keys of the cells of a pool, in the order of the space."""
    cells = list(_space())
    return tuple(str(cell) for cell in cells if pool == "all" or not has_dead_branch(cell.operations))


def find(
    frame: pd.DataFrame,
    table: Table,
    words: str,
    shape: Mapping[str, int] | None = None,
    *,
    own: Mapping[str, pd.DataFrame] | None = None,
    resamples: int = 1000,
) -> Results:
    """The results of scores of the space.

    Args:
        frame: scores, as `harness.run` returns them.
        table: the table of the seven tasks.
        words: what the scores were made on.
        shape: sizes of the scored networks, for `params` and `flops` where the frame has no rows of them.
        own: by task, scores of its own network.
        resamples: bootstrap resamples of the cells.
    """
    columns, pools = task_columns(table), {pool: keys_of(pool) for pool in POOLS}
    rankings = {
        pool: {
            task: correlate(frame[frame["architecture"].isin(keys)], table, column, resamples=resamples, shape=shape)
            for task, column in columns.items()
        }
        for pool, keys in pools.items()
    }
    return Results(
        {pool: between_tasks(table, keys_of(pool)) for pool in POOLS},
        pd.concat([retrained(table, pool, resamples=resamples) for pool in POOLS], ignore_index=True),
        rankings,
        pd.concat([_by_task(pool, rankings[pool], resamples) for pool in POOLS], ignore_index=True),
        orders(rankings["valid"]),
        compared({"valid": rankings["valid"]}, COEFFICIENTS, {"valid": words}, LEGEND),
        beside_scene(own, frame, table, columns, pools, resamples=resamples) if own else None,
    )


def between_tasks(table: Table, keys: Iterable[str]) -> pd.DataFrame:
    """Spearman's coefficient between the test values of each two tasks over the cells with these keys."""
    chosen = list(keys)
    values = {task: table.values(chosen, column) for task, column in task_columns(table).items()}
    return pd.DataFrame(values).corr("spearman")


def twins(table: Table, pool: str) -> list[tuple[str, str]]:
    """Pairs of keys of cells that are one network and were trained each by itself, one pair a network.

    Two cells whose values are equal in all tasks count as one training.
    """
    columns = list(task_columns(table).values())
    members: dict[str, list[str]] = defaultdict(list)
    for key in keys_of(pool):
        members[str(_space().minimal(_space().parse(key)))].append(key)
    values = dict(zip(table.keys, zip(*(table.values(table.keys, name) for name in columns), strict=True), strict=True))
    pairs = []
    for first, *others in members.values():
        other = next((key for key in others if values[key] != values[first]), None)
        if other is not None:
            pairs.append((first, other))
    return pairs


def retrained(table: Table, pool: str, *, resamples: int = 1000) -> pd.DataFrame:
    """How one training of a network ranks another by each task, which tells the noise of the table."""
    pairs = twins(table, pool)
    rows = []
    for task, column in task_columns(table).items():
        values = table.values([first for first, _ in pairs], column)
        frame = pd.DataFrame({"architecture": [key for _, key in pairs], "proxy": RETRAINED, "score": values})
        ranked = correlate(frame, table, column, resamples=resamples).frame.set_index("proxy").loc[RETRAINED]
        rows.append({"pool": pool, "task": task, **_estimate(ranked), "n": int(ranked["n"])})
    return pd.DataFrame(rows)


def orders(rankings: Mapping[str, Ranking]) -> pd.DataFrame:
    """Spearman's coefficient between each two tasks, over the proxies' coefficients with the tasks."""
    found = {task: ranking.frame.set_index("proxy")["spearman"] for task, ranking in rankings.items()}
    return pd.DataFrame(found).corr("spearman")


def _by_task(pool: str, rankings: Mapping[str, Ranking], resamples: int) -> pd.DataFrame:
    rows = []
    for task, ranking in rankings.items():
        verdicts = compare(ranking, "params", resamples=resamples).frame.set_index("proxy")["verdict"]
        for ranked in ranking.frame.to_dict("records"):
            rows.append(
                {
                    "pool": pool, "task": task, "proxy": ranked["proxy"], **_estimate(ranked), "n": int(ranked["n"]),
                    "against_params": verdicts.get(ranked["proxy"], ""),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _estimate(ranked: Any) -> dict[str, float]:
    """Spearman's coefficient and its interval of one row of a ranking."""
    return {name: float(ranked[name]) for name in ("spearman", "spearman_low", "spearman_high")}


def _space() -> TransNasMicro:
    space = open_space(SPACE)
    assert isinstance(space, TransNasMicro)
    return space
