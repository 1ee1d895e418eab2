"""The committed outcome of the study of SemiNAS follows from its own files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import benchmarks
from harness.evaluation.columns import PRINTED, TESTS
from harness.evaluation.predictors import MEASURES, summary_of_draws
from harness.studies.searches.claims import claims_frame
from harness.studies.searches.seminas.claims import study_claims
from harness.studies.searches.seminas.curves import CURVE, curves_of, proxies_alone
from harness.studies.searches.seminas.labels import ACCURACY, CHEAP, PART, USUAL, Sizes, parts_of, summary_frame

FOLDER = Path(__file__).parents[2] / "results" / "seminas"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", float_precision="round_trip")


def sizes() -> Sizes:
    """The sizes that the record has: the study's own but for the numbers of runs and draws."""
    told = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))["sizes"]
    found = Sizes(**{name: tuple(value) if isinstance(value, list) else value for name, value in told.items()})
    assert found._replace(runs=USUAL.runs, draws=USUAL.draws) == USUAL
    return found


def test_the_searches_and_the_claims_follow_from_the_runs() -> None:
    runs, searches = read("runs"), read("searches")
    pd.testing.assert_frame_equal(summary_frame(runs), searches)
    expected = claims_frame(study_claims(runs, searches, read("curve_draws")))
    pd.testing.assert_frame_equal(read("claims").fillna(""), expected)


def test_the_curves_are_the_means_of_their_draws() -> None:
    draws, curves = read("curve_draws"), read("curves")
    assert set(draws[list(CURVE)].itertuples(index=False, name=None)) == {
        curve[: len(CURVE)] for curve in curves_of(USUAL, list(PRINTED))
    }
    for key, part in draws.groupby(list(CURVE)):
        of_this = curves[(curves[list(CURVE)] == list(key)).all(axis=1)].reset_index(drop=True)
        expected = summary_of_draws(part)
        pd.testing.assert_frame_equal(of_this[list(expected)], expected, check_dtype=False)
    means = draws.groupby([*CURVE, "predictor", "samples"])[list(MEASURES)].mean()
    found = curves.set_index([*CURVE, "predictor", "samples"])[list(MEASURES)]
    pd.testing.assert_frame_equal(means.loc[found.index], found)


def test_the_runs_are_those_of_the_study_and_every_label_is_a_query() -> None:
    runs = read("runs")
    assert (runs["queries"] == runs["labels"]).all()
    assert runs.groupby(list(PART)).size().to_dict() == {
        part: sizes().cheap if part.search in CHEAP else sizes().runs for part in parts_of(USUAL, list(PRINTED))
    }
    record = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert not record["quick"]
    assert record["table"]["name"] == "nasbench201-official"


def test_accuracies_are_those_of_the_table(official: benchmarks.Table) -> None:
    for name, runs in read("runs").groupby("data_set"):
        values = official.values(official.keys, TESTS[str(name)])
        assert set(runs[ACCURACY]) <= set(values)
        assert (runs[ACCURACY] + runs["regret"]).tolist() == pytest.approx([max(values)] * len(runs))


def test_the_proxies_without_labels_are_those_of_the_package(official: benchmarks.Table) -> None:
    pd.testing.assert_frame_equal(proxies_alone(official), read("proxies_alone"))
