"""The committed outcome of the study of SemiNAS follows from its own files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import benchmarks
from harness.evaluation.predictors import MEASURES
from harness.studies.searches.claims import claims_frame
from harness.studies.searches.seminas.claims import study_claims
from harness.studies.searches.seminas.labels import CHEAP, FOREST, NAO, SEMINAS, TEST, USUAL, summary_frame

FOLDER = Path(__file__).parents[2] / "results" / "seminas"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", float_precision="round_trip")


def test_the_searches_and_the_claims_follow_from_the_runs() -> None:
    runs, searches = read("runs"), read("searches")
    pd.testing.assert_frame_equal(summary_frame(runs), searches)
    expected = claims_frame(study_claims(runs, searches, read("curve_draws")))
    pd.testing.assert_frame_equal(read("claims").fillna(""), expected)


def test_the_curves_are_the_means_of_their_draws() -> None:
    draws, curves = read("curve_draws"), read("curves").set_index(["predictor", "samples"])
    means = draws.groupby(["predictor", "samples"])[list(MEASURES)].mean()
    pd.testing.assert_frame_equal(means.loc[curves.index], curves[list(MEASURES)])


def test_the_runs_are_those_of_the_study_and_every_label_is_a_query() -> None:
    runs = read("runs")
    assert (runs["queries"] == runs["labels"]).all()
    for name in (SEMINAS, NAO, FOREST, *CHEAP):
        counts = runs[runs["search"] == name].groupby("labels").size().to_dict()
        labels = USUAL.labels if name == SEMINAS else (*USUAL.labels, *USUAL.more)
        assert counts == dict.fromkeys(labels, USUAL.cheap if name in CHEAP else USUAL.runs)
    record = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert not record["quick"]
    assert record["table"]["name"] == "nasbench201-official"


def test_accuracies_are_those_of_the_table(official: benchmarks.Table) -> None:
    runs = read("runs")
    values = official.values(official.keys, TEST)
    assert set(runs[TEST]) <= set(values)
    assert (runs[TEST] + runs["regret"]).tolist() == pytest.approx([max(values)] * len(runs))
