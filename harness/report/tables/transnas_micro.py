"""The tables of the study of TransNAS-Bench-101's micro space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from harness.report.cells import EN_DASH, number
from harness.report.frames import baselines_start
from harness.report.tables.sheet import COUNT, PROXY, Cell, Heading, Sheet, estimated

_STARS = {"better": "*", "worse": "†"}


def by_task_sheet(found: pd.DataFrame, retrained: pd.DataFrame, pool: str, words: str) -> Sheet:
    """A row a proxy, a column a task; the last row is another training of the same networks.

    Args:
        found: `by_task` of the study's results.
        retrained: `retrained` of them.
        pool: name of the pool.
        words: what the pool is called.
    """
    of_this, again = (frame[frame["pool"] == pool] for frame in (found, retrained))
    tasks = list(dict.fromkeys(of_this["task"]))
    rows: list[list[Cell | str]] = [
        [str(proxy), *_cells(group, tasks), f"{int(group['n'].max()):,}"]
        for proxy, group in of_this.groupby("proxy", sort=False)
    ]
    proxies = pd.DataFrame({"proxy": [row[0] for row in rows]})
    rows.append(["another training", *_cells(again, tasks), f"{int(again['n'].max()):,}"])
    return Sheet.of(
        f"Spearman by task, {words}",
        (PROXY, *(Heading(task, "point") for task in tasks), COUNT),
        rows,
        ruled_above=(*baselines_start(proxies), len(rows) - 1),
        notes=(
            "A star: better than params, a dagger: worse, in a paired comparison with Holm's correction over all pairs "
            "of proxies of the task. Another training: cells that are one network, each trained by itself.",
        ),
    )


def transfer_summary_sheet(found: pd.DataFrame, pool: str, words: str) -> Sheet:
    """A row a proxy, by its mean over the tasks: mean, lowest, and how often it differs from `params`.

    Args:
        found: `by_task` of the study's results.
        pool: name of the pool.
        words: what the pool is called.
    """
    of_this = found[found["pool"] == pool]
    rows = []
    for proxy, group in of_this.groupby("proxy", sort=False):
        lowest = group.loc[group["spearman"].idxmin()] if group["spearman"].notna().any() else None
        rows.append(
            (
                float(group["spearman"].mean()),
                [
                    str(proxy), number(float(group["spearman"].mean()), 2),
                    EN_DASH if lowest is None else number(float(lowest["spearman"]), 2),
                    EN_DASH if lowest is None else str(lowest["task"]),
                    *(f"{int((group['against_params'] == verdict).sum())}" for verdict in _STARS),
                ],
            )
        )  # fmt: skip
    ordered = [row for _, row in sorted(rows, key=lambda row: -row[0] if row[0] == row[0] else 2.0)]
    headings = (PROXY, "mean", "lowest", Heading("in the task", "left"), "tasks above\nparams", "tasks below\nparams")
    return Sheet.of(f"Over the seven tasks, {words}", headings, ordered)


def own_sheet(found: pd.DataFrame, means: pd.DataFrame, pool: str, words: str) -> Sheet:
    """What scores of a task's own network gain: a row a proxy, a column a task; the last row has the proxies' means.

    Args:
        found: `own` of the study's results, its frame.
        means: the means of it.
        pool: name of the pool.
        words: what the pool is called.
    """
    of_this, mean = (frame[frame["pool"] == pool] for frame in (found, means))
    tasks = list(dict.fromkeys(of_this["task"]))
    rows: list[list[Cell | str]] = [
        [str(proxy), *_gains(group, tasks)] for proxy, group in of_this.groupby("proxy", sort=False)
    ]
    rows.append(["mean of the proxies", *_gains(mean, tasks)])
    return Sheet.of(
        f"Spearman of each task by its own network, less that by a classifier of scenes, {words}",
        (PROXY, *(Heading(task, "point") for task in tasks)),
        rows,
        ruled_above=(len(rows) - 1,),
        notes=(
            "In brackets intervals of the difference, cells resampled. A star: better, a dagger: worse, with Holm's "
            "correction over all proxies and tasks; means are not tested. A dash: the proxy does not apply to that "
            "network, or its scores there are all the same. Cells: "
            + ", ".join(f"{row['task']} {int(row['n'])}" for row in mean.to_dict("records")) + ".",
        ),
    )  # fmt: skip


def own_coefficients_sheet(found: pd.DataFrame, pool: str, words: str) -> Sheet:
    """Spearman of each proxy with each task by the task's own network, and in the next row by a classifier of scenes.

    Args:
        found: `own` of the study's results, its frame.
        pool: name of the pool.
        words: what the pool is called.
    """
    of_this = found[found["pool"] == pool]
    tasks = list(dict.fromkeys(of_this["task"]))
    rows: list[list[Cell | str]] = []
    for proxy, group in of_this.groupby("proxy", sort=False):
        by_task = group.set_index("task").to_dict("index")
        for name, label, network in (("own", str(proxy), "its own"), ("scene", "", "scenes")):
            rows.append([label, network, *(_of(by_task.get(task), name) for task in tasks)])
    return Sheet.of(
        f"Spearman by each task's own network and by a classifier of scenes on the same cells, {words}",
        (PROXY, Heading("network", "left"), *(Heading(task, "point") for task in tasks)),
        rows,
    )


def _gains(group: pd.DataFrame, tasks: Sequence[str]) -> list[Cell]:
    by_task = group.set_index("task").to_dict("index")
    return [_of(by_task.get(task), "difference") for task in tasks]


def _of(row: Mapping[Any, Any] | None, name: str) -> Cell:
    """The cell of an estimate, with a star or dagger where it is a difference that was tested."""
    if row is None:
        return Cell(EN_DASH)
    cell = estimated(row, name)
    star = _STARS.get(str(row.get("verdict", "")), "") if name == "difference" else ""
    return Cell(cell.text, cell.interval, rest=star)


def _cells(group: pd.DataFrame, tasks: Sequence[str]) -> list[Cell]:
    by_task = group.set_index("task").to_dict("index")
    return [_cell(by_task[task]) for task in tasks]


def _cell(row: Mapping[Any, Any]) -> Cell:
    cell = estimated(row, "spearman")
    star = _STARS.get(str(row.get("against_params", "")), "")
    return Cell(cell.text, cell.interval, rest=star)
