"""The committed outcome of the study of LA-DARTS follows from its own files, and these from the tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import open_table
from harness.report.tables.claims import claims_sheet
from harness.report.tables.latency import over_columns_sheet, savings_sheet, sweep_sheet, volumes_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.stats.pareto import pareto_front
from harness.studies.searches.claims import claims_frame
from harness.studies.searches.latency.claims import Parts, over_columns, study_claims
from harness.studies.searches.latency.errors import Sizes, means_frame
from harness.studies.searches.latency.searched import COLUMN, DEVICES, SEEDS, TARGETS, WEIGHTS

FOLDER = Path(__file__).parents[2] / "results" / "la-darts"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", float_precision="round_trip")


def test_the_claims_and_the_means_follow_from_the_frames() -> None:
    means = means_frame(read("errors"))
    pd.testing.assert_frame_equal(read("means"), means)
    parts = Parts(means, *(read(name) for name in Parts._fields[1:]))
    pd.testing.assert_frame_equal(read("claims").fillna(""), claims_frame(study_claims(parts)))


def test_the_tables_are_those_of_the_frames() -> None:
    text = (FOLDER / "tables.md").read_text(encoding="utf-8")
    sheets = [
        claims_sheet(read("claims")), over_columns_sheet(over_columns(read("means"))), sweep_sheet(read("sweep")),
        volumes_sheet(read("volumes")), savings_sheet(read("savings")),
    ]  # fmt: skip
    for sheet in sheets:
        assert sheet_markdown(sheet) in text


def test_the_study_is_whole() -> None:
    record = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert not record["quick"]
    sweep, errors = read("sweep"), read("errors")
    assert len(sweep) == len(DEVICES) * (len(WEIGHTS) + len(TARGETS)) * SEEDS
    sizes = Sizes()
    for model in ("linear", "pairwise", "mlp"):
        counts, splits = sizes.of(model)
        part = errors[(errors["model"] == model) & (errors["column"] == DEVICES[0])]
        assert sorted(part["training_cells"]) == sorted(counts * splits)
    assert errors["column"].nunique() == read("transfer")["device"].nunique() == 40


def test_the_front_and_the_latencies_are_those_of_the_table(published_data: Path) -> None:
    path = published_data / "nasbench201_hardware.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in {published_data}")
    hardware, front, sweep = open_table(path), read("front"), read("sweep")
    for device, part in sweep.groupby("device"):
        true = hardware.values(list(part["architecture"]), str(device))
        np.testing.assert_allclose(part["true_ms"], true)
        of_device = front[front["device"] == device]
        assert len(pareto_front(of_device["true_ms"], of_device[COLUMN])) == len(of_device)
        for row in part.to_dict("records"):  # no found cell is beyond the exact front
            within = of_device[of_device["true_ms"] <= row["true_ms"]]
            assert row[COLUMN] <= within[COLUMN].max()
