"""What a notebook sees of a study: its frames, tables, record and pictures, as they lie in its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import harness
from harness.errors import SettingError
from harness.studies.outcome import StudyOutcome

RESULTS = Path(__file__).parents[2] / "results"


@pytest.mark.parametrize("name", ["bn-mode", "nasi-table-1", "stability"])
def test_an_outcome_is_what_lies_in_the_folder(name: str) -> None:
    folder = RESULTS / name
    outcome = StudyOutcome(folder)
    files = {file.name.partition(".")[0] for file in folder.iterdir() if ".csv" in file.name}
    assert set(outcome.frames) == files
    assert outcome.record == json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert {picture.suffix for picture in outcome.pictures} == {".png"}
    assert outcome.to_markdown()
    assert outcome._repr_markdown_() == outcome.to_markdown()
    assert (r"\begin{tabular}" in outcome.to_latex()) == any(folder.glob("*.tex"))


def test_a_frame_is_found_by_its_name() -> None:
    outcome = StudyOutcome(RESULTS / "bn-mode")
    expected = pd.read_csv(RESULTS / "bn-mode" / "comparison.csv", float_precision="round_trip")
    pd.testing.assert_frame_equal(outcome.frames["comparison"], expected)
    with pytest.raises(SettingError, match="Did you mean 'comparison'"):
        outcome.frames["comparisons"]


def test_an_outcome_prints_draws_and_knows_what_made_it() -> None:
    outcome = StudyOutcome(RESULTS / "bn-mode")
    pd.testing.assert_frame_equal(outcome.frame, outcome.frames["comparison"])
    provenance, environment = outcome.frame.attrs["provenance"], outcome.record["environment"]
    assert provenance["study"]["table"] == outcome.record["table"]
    assert (provenance["nasinit"], provenance["python"]) == (environment["nasinit"], environment["python"])
    assert str(outcome) == outcome.to_text() == outcome.to_markdown()
    width, height = outcome.plot("comparison").get_size_inches()
    assert width > 2 and height > 2  # noqa: PT018
    with pytest.raises(SettingError, match="Did you mean 'comparison'"):
        outcome.plot("comparisons")


def test_a_folder_without_a_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="there is no table in"):
        _ = StudyOutcome(tmp_path).frame
    with pytest.raises(SettingError, match="there is no picture in"):
        StudyOutcome(tmp_path).plot()


def test_what_is_no_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="scores of a study is a path, got DataFrame"):
        harness.run_study("beyond-size", tmp_path, scores=pd.DataFrame())  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="out of a study is a path, got NoneType"):
        harness.run_study("beyond-size", None)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="nowhere is no folder"):
        harness.run_study("beyond-size", tmp_path, data="nowhere")


@pytest.mark.slow
def test_scores_without_a_status_are_taken_as_they_are(tmp_path: Path) -> None:
    cells = [str(cell) for cell in harness.open_space("nasbench201").sample(12)]
    rows = [
        (cell, name, place * len(name) % 7, "ok") for name in ("nwot", "params") for place, cell in enumerate(cells)
    ]
    frame = pd.DataFrame(rows, columns=["architecture", "proxy", "score", "status"])
    frame.loc[2, ["score", "status"]] = [float("nan"), "not_finite"]
    made = {}
    for name, columns in (("with", list(frame.columns)), ("without", ["architecture", "proxy", "score"])):
        file = tmp_path / f"{name}.csv"
        frame[columns].to_csv(file, index=False)
        made[name] = harness.run_study("beyond-size", tmp_path / name, scores=file, say=lambda _: None).frame
    pd.testing.assert_frame_equal(made["with"], made["without"])
    assert made["with"].set_index("proxy").loc["nwot", "n"].max() == 11


@pytest.mark.slow
def test_a_study_gives_its_outcome(tmp_path: Path) -> None:
    space = harness.open_space("nasbench201")
    options = {"width": 4, "depth": 1, "batch_size": 8, "store": tmp_path / "s"}
    frame = harness.run(space, space.sample(20), ["l2_norm", "params", "flops"], **options)  # type: ignore[arg-type]
    scores = tmp_path / "scores.csv"
    frame.to_csv(scores, index=False)
    outcome = harness.run_study("beyond-size", tmp_path / "study", scores=scores, say=lambda _: None)
    assert outcome.folder == tmp_path / "study"
    assert outcome.record["sample"] == frame["architecture"].nunique()
    assert "l2_norm" in outcome.to_markdown()
