"""The committed outcome of darts-prime follows from its committed searches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from harness.studies.searches.claims import claims_frame
from harness.studies.searches.prime.claims import study_claims
from harness.studies.searches.prime.frames import arms_frame
from harness.studies.searches.prime.study import _markdown, _tables

FOLDER = Path(__file__).parents[2] / "results" / "darts-prime"
COLUMNS = ["cifar10_test_200ep_pct", "cifar100_test_200ep_pct", "imagenet16_120_test_200ep_pct"]


def frame(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name, float_precision="round_trip")


def test_the_arms_are_means_over_the_searches() -> None:
    pd.testing.assert_frame_equal(arms_frame(frame("runs.csv"), COLUMNS), frame("arms.csv"), rtol=1e-12)


def test_the_claims_follow_from_the_searches() -> None:
    made = claims_frame(study_claims(frame("runs.csv"), COLUMNS, 10))
    pd.testing.assert_frame_equal(made, frame("claims.csv").fillna(""))


def test_the_tables_are_those_of_the_frames() -> None:
    frames = {name: frame(f"{name}.csv") for name in ("arms", "null", "claims")}
    wanted = (FOLDER / "tables.md").read_text(encoding="utf-8")
    assert "\n\n".join(_markdown(_tables(frames, COLUMNS))) + "\n" == wanted


def test_the_last_epochs_and_the_steps_of_alpha_are_those_of_the_searches() -> None:
    runs, curves, schedule = frame("runs.csv"), frame("curves.csv.gz"), frame("schedule.csv.gz")
    ends = curves.groupby(["space", "data", "arm", "seed"], sort=False)["distance"].last().to_numpy()
    np.testing.assert_allclose(ends, runs["distance"], atol=1e-4)
    moved = schedule.groupby(["space", "arm", "seed"], sort=False)["alpha_moved"].sum()
    listed = runs[runs["arm"].isin(schedule["arm"])].set_index(["space", "arm", "seed"])["alpha_steps"]
    assert moved.to_dict() == listed.to_dict()


def test_the_accuracies_are_those_of_the_table() -> None:
    try:
        table = benchmarks.open_table("nasbench201-official")
    except benchmarks.TableError:
        pytest.skip("the official table is not here")
    runs = frame("runs.csv")
    cells = runs[runs["space"] == "nasbench201"]
    for column in COLUMNS:
        np.testing.assert_allclose(cells[column], table.values(cells["architecture"].tolist(), column))
