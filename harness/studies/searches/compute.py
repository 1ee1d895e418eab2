"""What searches chose after how much compute, from their logs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.evaluation.columns import FOR_THE_RECORD
from harness.studies.searches.frame import cpu_seconds, preset_of
from harness.studies.searches.record import spent_by
from harness.studies.searches.runs import name_of, train_weights


def compute_frame(log: pd.DataFrame, record: Mapping[str, Any]) -> pd.DataFrame:
    """The tabulated accuracy of the choice after each epoch, by method and preset.

    Args:
        log: logs of finished searches, with `method`, `seed`, `how` and `…_for_the_record`; those that train no weights
            are left out.
        record: record of the searches, as in `study.json`; searches that are not in it are left out.

    Returns:
        A row for each method, preset and epoch: `runs`, `steps` and `seconds` from the start of a search to the end of
        the epoch (mean over the runs), `cpu_seconds` likewise of the processor (NaN where a log has none), `images` of
        a search, and for each column of the table `…_mean`, `…_low` and `…_high` over the runs.
    """
    rows = []
    trained = log[train_weights(log)] if len(log) else log
    for (method, how), found in trained.groupby(["method", "how"], sort=False) if len(trained) else ():
        preset = preset_of(str(how))
        entry = record.get(name_of(str(method), preset), record.get(str(method)))
        if entry is None:
            continue
        rows += _of_searches(found, {"method": method, "preset": preset}, entry)
    return pd.DataFrame(rows)


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
        for column in columns:
            values = pd.Series([float(run[f"{column}{FOR_THE_RECORD}"].iloc[-1]) for run in until])
            row |= {f"{column}_mean": values.mean(), f"{column}_low": values.min(), f"{column}_high": values.max()}
        found.append(row)
    return found
