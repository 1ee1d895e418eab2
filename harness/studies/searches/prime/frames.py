"""Frames of the study: a row for each search, its curves, means of an arm with intervals, and the claims."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from harness.evaluation import Table
from harness.evaluation.searches.null_models import largest_of
from harness.search.gradient.prime.projection import distance
from harness.search.gradient.prime.schedule import FISHER_BY_STEP, THRESHOLD_BY_STEP
from harness.spaces import open_space
from harness.stats.mean import student_interval
from harness.studies.searches.pool import tabulated
from harness.studies.searches.runs import Outcome, Run

MEASURED = (
    "distance", "entropy_nats", "accuracy_before", "accuracy_after", "gap", "alpha_steps", "skips", "params_m",
    "cpu_seconds",
)  # fmt: skip
NULL = "random cell"


def runs_frame(rows: Iterable[Mapping[str, Any]], table: Table, columns: Sequence[str]) -> pd.DataFrame:
    """The rows of the searches, with `gap` (accuracy before less after projection) and the tabulated accuracies."""
    frame = pd.DataFrame(list(rows))
    frame["gap"] = frame["accuracy_before"] - frame["accuracy_after"]
    return tabulated(frame, table, columns)


def curves_frame(ended: Mapping[Run, Outcome]) -> pd.DataFrame:
    """A row for each epoch of each search: losses, entropy and distance to discretisation of the logged weights."""
    parts = []
    for run, outcome in ended.items():
        groups = open_space(run.space).supernet(width=4, depth=1).groups  # type: ignore[attr-defined]
        kept = {
            name: torch.tensor([each not in run.setting.left_out for each in group.operations]).repeat(
                len(group.edges), 1
            )
            for name, group in groups.items()
        }
        log = outcome.log[["epoch", "training_loss", "validation_loss", "entropy_nats", "skip_connections"]]
        weights = [
            {name: torch.tensor(rows) for name, rows in json.loads(text).items()}
            for text in outcome.log["operation_weights"]
        ]
        parts.append(
            log.assign(
                space=run.space, data=Path(run.data).name, arm=run.preset, seed=run.seed,
                distance=[distance(tables, kept, groups) for tables in weights],
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def schedule_frame(ended: Mapping[Run, Outcome]) -> pd.DataFrame:
    """A row for each step of the dynamic searches: F after it, h before it, and whether α moved in it."""
    parts = []
    for run, outcome in ended.items():
        if THRESHOLD_BY_STEP in outcome.memory:
            fisher, threshold = (outcome.memory[name].flatten() for name in (FISHER_BY_STEP, THRESHOLD_BY_STEP))
            before = torch.cat([fisher.new_full((1,), math.nan), fisher[:-1]])
            parts.append(
                pd.DataFrame(
                    {
                        "space": run.space, "arm": run.preset, "seed": run.seed, "step": range(1, len(fisher) + 1),
                        "fisher": fisher, "threshold": threshold, "alpha_moved": (before < threshold).int(),
                    }
                )
            )  # fmt: skip
    empty = ["space", "arm", "seed", "step", "fisher", "threshold", "alpha_moved"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=empty)


def arms_frame(runs: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """A row for each arm of each space and kind of supernet: `seeds`, and of each quantity its mean and spread.

    These are `…_mean`, `…_std`, and `…_low` and `…_high`, the ends of the mean's 95 % interval.
    """
    rows = []
    for (space, supernet, arm), part in runs.groupby(["space", "supernet", "arm"], sort=False):
        row: dict[str, Any] = {"space": space, "supernet": supernet, "arm": arm, "seeds": len(part)}
        for name in (*MEASURED, *columns):
            mean, low, high = student_interval([] if part[name].isna().any() else list(part[name]))
            row |= {f"{name}_mean": mean, f"{name}_std": part[name].std(), f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return pd.DataFrame(rows)


def null_frame(table: Table, columns: Sequence[str]) -> pd.DataFrame:
    """The null model: mean and standard deviation of a random cell, exact, in the columns of `arms_frame`."""
    found = largest_of(table, columns, 1)
    row: dict[str, Any] = {"space": table.facts.space, "arm": NULL}
    for name, (mean, deviation) in found.items():
        row |= {f"{name}_mean": mean, f"{name}_std": deviation}
    return pd.DataFrame([row])
