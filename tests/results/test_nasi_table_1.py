"""The committed table of searches follows from the committed logs, and NASI's rows from the committed steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import benchmarks
from harness.evaluation.columns import TESTS
from harness.report.tables.searches import search_rows_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.search import find_method
from harness.spaces import open_space
from harness.studies.searches.compute import compute_frame
from harness.studies.searches.files import footnote, read_logs, table_latex
from harness.studies.searches.frame import is_of_preset, search_rows_frame
from harness.studies.searches.nasi.log import log_of_steps
from harness.studies.searches.nasi.steps import STEPS_FILE, read_steps
from harness.studies.searches.rows import NASI_TABLE_1, Searched
from harness.studies.searches.runs import name_of

FOLDER = Path(__file__).parents[2] / "results" / "nasi-table-1"
COLUMNS = list(TESTS.values())


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return read_logs(FOLDER)


@pytest.fixture(scope="module")
def searches() -> dict[str, Any]:
    """The record of the searches by gradients."""
    found: dict[str, Any] = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))["searches"]
    return found


def test_every_search_of_the_table_ran_as_often_as_it_says(log: pd.DataFrame, searches: dict[str, Any]) -> None:
    """Those of larger presets than `laptop` are as many as have finished; each of them is whole."""
    for row in NASI_TABLE_1:
        if isinstance(row.ours, Searched):
            if row.ours.method.startswith("nasi"):
                continue  # as many as there are recorded steps, tested below
            runs = log[(log["method"] == row.ours.method) & is_of_preset(log, row.ours.preset)]
            entry = searches.get(name_of(row.ours.method, row.ours.preset), {"seeds": [], "setting": {"epochs": 0}})
            assert sorted(runs["seed"].unique()) == sorted(entry["seeds"])
            assert row.ours.preset != "laptop" or len(entry["seeds"]) >= row.ours.runs
            assert (runs.groupby("seed")["epoch"].max() == entry["setting"]["epochs"]).all()


def test_the_searches_of_the_preset_reduced_have_its_setting(searches: dict[str, Any]) -> None:
    entries = {name: entry for name, entry in searches.items() if name.endswith(", reduced")}
    for name, entry in entries.items():
        method, _, preset = name.partition(", ")
        setting = json.loads(find_method(method).setting("nasbench201", preset).json())
        assert setting == {**setting, **entry["setting"]}
        assert entry["data"] == {"name": "cifar10", "folder": "cifar-10-batches-bin", "images": 10_000}


def test_the_compute_follows_from_the_logs(log: pd.DataFrame, searches: dict[str, Any]) -> None:
    made = compute_frame(log, searches)
    committed = pd.read_csv(FOLDER / "compute.csv", float_precision="round_trip")
    pd.testing.assert_frame_equal(made, committed, check_dtype=False, rtol=1e-9)


def test_what_stands_for_the_record_is_the_official_accuracy(log: pd.DataFrame, official: benchmarks.Table) -> None:
    space = open_space("nasbench201")
    keys = [space.key(space.parse(text)) for text in log["architecture"]]
    for column in COLUMNS:
        np.testing.assert_array_equal(official.values(keys, column), log[f"{column}_for_the_record"])


def test_the_table_follows_from_the_logs(
    log: pd.DataFrame, searches: dict[str, Any], official: benchmarks.Table
) -> None:
    queried = pd.read_csv(FOLDER / "queried.csv", float_precision="round_trip")
    columns = {column: official.values(list(official.keys), column) for column in COLUMNS}
    made = search_rows_frame(NASI_TABLE_1, official, queried, log, columns, None, searches)
    committed = pd.read_csv(FOLDER / "table.csv", float_precision="round_trip")
    inside = [name for name in made.columns if name.endswith("_inside")]
    pd.testing.assert_frame_equal(
        made.drop(columns=inside), committed.drop(columns=inside), check_dtype=False, rtol=1e-9
    )
    told = [frame[inside].map(str).replace("nan", "None") for frame in (made, committed)]
    assert told[0].equals(told[1])
    sheet = search_rows_sheet(made)
    text = f"{sheet_markdown(sheet)}\n\n{footnote(official)}\n"
    assert text == (FOLDER / "table.md").read_text(encoding="utf-8")
    assert table_latex(sheet, official) == (FOLDER / "table.tex").read_text(encoding="utf-8")


def test_nasis_rows_follow_from_the_recorded_steps(log: pd.DataFrame, official: benchmarks.Table) -> None:
    """Of the study nasi-explained, whose steps this table was made from."""
    steps, _ = read_steps(FOLDER.parent / "nasi-explained" / STEPS_FILE)
    made = log_of_steps(steps, official, COLUMNS)
    own = log[log["method"] == "nasi-ada"].reset_index(drop=True)
    assert own["seed"].nunique() == len(steps)
    pd.testing.assert_frame_equal(made[list(own.columns)], own, check_dtype=False, rtol=1e-9)


def test_the_record_says_how() -> None:
    facts = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert facts["quick"] is False
    assert facts["table"]["name"] == "nasbench201-official"
    assert facts["steps"]["setting"]["depth"] == 5
    assert facts["steps"]["setting"]["width"] == 16
