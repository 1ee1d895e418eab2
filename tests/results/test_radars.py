"""The committed outcome of the study of RADARS follows from its own files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from harness.search.gradient.memory_bound import step_bytes
from harness.spaces import open_space
from harness.studies.searches.claims import claims_frame
from harness.studies.searches.radars.budgets import BUDGETS, SEARCHES
from harness.studies.searches.radars.claims import study_claims

FOLDER = Path(__file__).parents[2] / "results" / "radars"
COLUMNS = ["cifar10_test_200ep_pct", "cifar100_test_200ep_pct", "imagenet16_120_test_200ep_pct"]


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name, float_precision="round_trip", keep_default_na=True)


def test_the_claims_follow_from_the_frames() -> None:
    claims = read("claims.csv").fillna("")
    budgets, chosen = read("budgets.csv"), read("chosen.csv")
    expected = claims_frame(study_claims(budgets, chosen, (1.0, 0.5, float("nan")), COLUMNS))
    memory = expected["claim"].str.startswith("its memory")
    assert claims["claim"].tolist() == expected["claim"].tolist()
    pd.testing.assert_frame_equal(claims[~memory], expected[~memory])


def test_the_budgets_are_those_of_the_study() -> None:
    budgets = read("budgets.csv")
    assert list(dict.fromkeys(budgets["budget_seconds"])) == list(BUDGETS)
    assert list(dict.fromkeys(budgets["search"])) == list(SEARCHES)
    assert set(budgets["runs"]) == {500}


def test_the_memory_of_a_supernet_is_what_is_counted_today() -> None:
    rows = read("memory.csv")
    row = rows[rows["space"] == "nasbench201"].iloc[-1]
    supernet = open_space("nasbench201").supernet(width=int(row["width"]), depth=int(row["depth"]))  # type: ignore[attr-defined]
    side = int(row["image_size"])
    assert step_bytes(supernet, (int(row["batch_size"]), 3, side, side)) / 1e6 == row["step_mb"]


def test_the_record_is_of_the_whole_study() -> None:
    record = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert not record["quick"]
    assert record["table"]["name"] == "nasbench201-official"
