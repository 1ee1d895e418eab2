"""What searches chose after how much compute, and where their weights moved, from their logs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.evaluation.columns import FOR_THE_RECORD
from harness.spaces.nasbench201.cell import OPERATIONS
from harness.studies.searches.frame import cpu_seconds, preset_of, train_weights
from harness.studies.searches.nasi.steps import GROUP
from harness.studies.searches.record import spent_by
from harness.studies.searches.runs import name_of


def compute_frame(log: pd.DataFrame, record: Mapping[str, Any]) -> pd.DataFrame:
    """The tabulated accuracy of the choice after each epoch, by method and preset.

    Args:
        log: logs of finished searches, with `method`, `seed`, `how` and `…_for_the_record`; those that train no weights
            are left out.
        record: record of the searches, as in `study.json`; searches that are not in it are left out.

    Returns:
        A row for each method, preset and epoch, in the order of the record: `runs`, `steps` and `seconds` from the
        start of a search to the end of the epoch (mean over the runs), `cpu_seconds` likewise of the processor (NaN
        where a log has none), `images` of a search; means over the runs of `training_loss`, `validation_loss` (nats)
        and `lead_of_convolutions`, by which a search is judged without a table; and for each column of the table
        `…_mean`, `…_low` and `…_high` over the runs.
    """
    by_name: dict[str, list[dict[str, Any]]] = {}
    trained = log[train_weights(log)] if len(log) else log
    for (method, how), found in trained.groupby(["method", "how"], sort=False) if len(trained) else ():
        preset = preset_of(str(how))
        if (name := name_of(str(method), preset)) in record:
            by_name[name] = _of_searches(found, {"method": method, "preset": preset}, record[name])
    return pd.DataFrame([row for name in record for row in by_name.get(name, ())])


def _of_searches(log: pd.DataFrame, named: Mapping[str, Any], entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the searches of one method and preset, an epoch each."""
    spent = spent_by(entry)
    columns = [str(name).removesuffix(FOR_THE_RECORD) for name in log.columns if str(name).endswith(FOR_THE_RECORD)]
    runs = [run for _, run in log.groupby("seed", sort=False)]
    found = []
    for epoch in sorted(log["epoch"].unique()):
        until = [run[run["epoch"] <= epoch] for run in runs if run["epoch"].max() >= epoch]
        row = {
            **named, "epoch": int(epoch), "runs": len(until), "steps": int(epoch) * spent.steps, "images": spent.images,
            "seconds": math.fsum(float(run["seconds"].sum()) for run in until) / len(until),
            "cpu_seconds": math.fsum(map(cpu_seconds, until)) / len(until),
        }  # fmt: skip
        last = pd.DataFrame([run.iloc[-1] for run in until])
        row |= {loss: last[loss].mean() for loss in ("training_loss", "validation_loss")}
        row["lead_of_convolutions"] = (
            last.get("operation_weights", pd.Series(math.nan)).map(lead_of_convolutions).mean()
        )
        for column in columns:
            values = pd.Series([float(run[f"{column}{FOR_THE_RECORD}"].iloc[-1]) for run in until])
            row |= {f"{column}_mean": values.mean(), f"{column}_low": values.min(), f"{column}_high": values.max()}
        found.append(row)
    return found


def lead_of_convolutions(weights: object) -> float:
    """Mean over the edges of log w(3×3 convolution) − log w(skip connection); NaN where a log has no weights.

    Args:
        weights: `operation_weights` of a search on NAS-Bench-201.
    """
    if not isinstance(weights, str):
        return math.nan
    convolution, skip = OPERATIONS.index("nor_conv_3x3"), OPERATIONS.index("skip_connect")
    edges = json.loads(weights)[GROUP]
    return math.fsum(math.log(row[convolution] / row[skip]) for row in edges) / len(edges)
