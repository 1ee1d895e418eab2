"""The searches of the study: RADARS and searches on the whole supernet, on images and on the table supernet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.evaluation.columns import SPACE
from harness.evaluation.searches.null_models import largest_of
from harness.evaluation.searches.table_losses import PREFIX
from harness.search.gradient.data import CHANNELS
from harness.search.gradient.memory_bound import step_bytes
from harness.spaces import open_space
from harness.spaces.space import searchable
from harness.stats.mean import student_interval
from harness.studies.searches.pool import data_of, setting_of, tabulated
from harness.studies.searches.runs import Outcome, Run

if TYPE_CHECKING:
    from harness.evaluation import Table
    from harness.studies.options import StudyOptions

METHODS = ("darts", "radars")
SEEDS = 3
IMAGES, TABLE = "images", "table supernet"
COLUMN = "cifar10_test_200ep_pct"
"""The column whose expectation the table supernet is."""
LARGE = "nasbench201-large"
BOUND = 0.6
"""Bound on a step in the enlarged space, as a share of the full supernet's bytes."""
NULL = "random cell"
_QUICK: Mapping[str, Any] = {"epochs": 3, "steps_per_epoch": 3, "batch_size": 16, "images": 64}
_LARGE: Mapping[str, Any] = {"width": 8, "depth": 1, "epochs": 20}


def runs_of_study(options: StudyOptions) -> list[Run]:
    """The searches, seed by seed: on images, on the table supernet, and one in the enlarged space under a bound."""
    small: Mapping[str, Any] = _QUICK if options.quick else {}
    seeds = options.runs or (1 if options.quick else SEEDS)
    found = []
    for seed in range(options.seed, options.seed + seeds):
        for method in METHODS:
            setting = setting_of(method, SPACE, **small)
            found.append(
                Run(method, setting, data_of(method, options.data), seed, SPACE, f"images/{method}/seed_{seed}", IMAGES)
            )
            found.append(Run(method, setting, f"{PREFIX}{COLUMN}", seed, SPACE, f"table/{method}/seed_{seed}", TABLE))
    return [*found, large_run(options)]


def large_run(options: StudyOptions) -> Run:
    """RADARS in the enlarged space, under a bound that the full supernet breaks."""
    setting = setting_of("radars", LARGE, **{**_LARGE, **(_QUICK if options.quick else {})})
    setting = setting.changed({"memory_mb": round(BOUND * full_bytes(LARGE, setting) / 1e6, 1)})
    return Run("radars", setting, data_of("radars", options.data), options.seed, LARGE, "large/radars", IMAGES)


def full_bytes(space: str, setting: Any) -> int:
    """Bytes of a step on the whole supernet of a setting."""
    supernet = searchable(open_space(space)).supernet(width=setting.width, depth=setting.depth)
    side = setting.image_size or 32
    return step_bytes(supernet, (setting.batch_size, CHANNELS, side, side))


def chosen_frame(ended: Mapping[Run, Outcome], table: Table, columns: Sequence[str]) -> pd.DataFrame:
    """A row for each finished search: space, supernet, method, seed, cell, skips, seconds, tabulated accuracies."""
    rows = []
    for run, outcome in ended.items():
        last = outcome.log.iloc[-1]
        rows.append(
            {
                "space": run.space, "supernet": run.preset, "method": run.method, "seed": run.seed,
                "architecture": last["architecture"], "skip_connections": int(last["skip_connections"]),
                "cpu_seconds": float(outcome.log["cpu_seconds"].sum()),
            }
        )  # fmt: skip
    names = ["space", "supernet", "method", "seed", "architecture", "skip_connections", "cpu_seconds"]
    return tabulated(pd.DataFrame(rows, columns=names), table, columns)


def arms_frame(chosen: pd.DataFrame, table: Table, columns: Sequence[str]) -> pd.DataFrame:
    """Mean and standard deviation of each method over its seeds, and those of a random cell last."""
    rows: list[dict[str, Any]] = []
    for (supernet, method), part in chosen[chosen["space"] == SPACE].groupby(["supernet", "method"], sort=False):
        row = {"supernet": supernet, "method": method, "runs": len(part)}
        row |= {"skip_connections": part["skip_connections"].mean(), "cpu_seconds": part["cpu_seconds"].mean()}
        row |= {f"{name}_mean": part[name].mean() for name in columns}
        rows.append(row | {f"{name}_std": part[name].std() for name in columns})
    null: dict[str, Any] = {"supernet": "", "method": NULL, "runs": math.nan}
    for name, (mean, deviation) in largest_of(table, columns, 1).items():
        null |= {f"{name}_mean": mean, f"{name}_std": deviation}
    return pd.DataFrame([*rows, null])


def paired_change(chosen: pd.DataFrame, column: str, *, columns: int = 1) -> tuple[float, float, float, int]:
    """Accuracy of RADARS's cells less that of DARTS's on images, paired by seed: mean, 95 % interval, number of seeds.

    The interval is Student's; NaN ends where there is one seed, all NaN where there is none of both.

    Args:
        chosen: the cells of all searches, with accuracies.
        column: the accuracy.
        columns: number of accuracies whose intervals are to hold together.
    """
    part = chosen[(chosen["space"] == SPACE) & (chosen["supernet"] == IMAGES)]
    wide = part.pivot(index="seed", columns="method", values=column).reindex(columns=list(METHODS)).dropna()
    changes = wide["radars"] - wide["darts"]
    return (*student_interval(changes.tolist(), intervals=columns), len(changes))
