"""The study toponas-cost in small: its files, and that what is finished is not made again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from harness.errors import RunError, SearchError
from harness.studies.options import StudyOptions
from harness.studies.searches.toponas import arms, changes, cost, study
from harness.studies.study import run_study

FILES = {
    "arms.csv", "changes.csv", "changes.png", "changes.svg", "chosen.csv", "claims.csv", "cost.csv", "cost.png",
    "cost.svg", "cost_rounds.csv", "searches", "searches.csv.gz", "study.json", "tables.md",
}  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (arms, changes, cost):
        monkeypatch.setattr(module, "METHODS", ("gdas",))
    monkeypatch.setattr(arms, "QUICK", {**arms.QUICK, "epochs": 1, "width": 4, "image_size": 8, "images": 64})
    monkeypatch.setattr(cost, "QUICK_SIZES", (cost.Size("nasbench201", 4, 1, 8, 4, 2),))


@pytest.mark.slow
def test_it_leaves_its_files_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, lines = tmp_path / "out", []
    found = run_study("toponas-cost", out, quick=True, workers=1, say=lines.append)
    drawn = found.frames["changes"]["column"].eq(changes.IMAGENET16).any()  # a full table has it
    files = FILES if drawn else FILES - {"changes.png", "changes.svg"}
    assert {path.name for path in out.iterdir()} == files
    assert set(found.frames["chosen"]["arm"]) == {"plain", "simplified"}
    assert found.record["finished"] == ["gdas, seed 0", "gdas, simplified, seed 0"]
    assert found.record["searches"]["gdas, simplified"]["setting"]["simplify"] is True
    text = "\n".join(lines)
    assert "not testable here: gdas costs less" in text
    assert "no CIFAR-10 here" in text
    before = {name: (out / name).read_bytes() for name in files - {"searches", "study.json"}}
    monkeypatch.setattr(cost, "cost_rounds", None)
    again: list[str] = []
    run_study("toponas-cost", out, quick=True, workers=1, say=again.append, finished=True)
    assert before == {name: (out / name).read_bytes() for name in before}


def test_of_nothing_finished_there_is_no_table_and_of_steps_alone_that_of_costs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(RunError, match=r"--finished: no step is measured in .*cost_rounds\.csv"):
        run_study("toponas-cost", out, quick=True, say=print, finished=True)
    study._rounds(cost.QUICK_SIZES, StudyOptions(out, print))
    found = run_study("toponas-cost", out, quick=True, say=print, finished=True)
    assert {path.name for path in out.iterdir()} == FILES - {
        "changes.png", "changes.svg", "chosen.csv", "searches", "searches.csv.gz",
    }  # fmt: skip
    assert list(found.frames["arms"]["method"]) == ["random cells"]


def test_a_table_of_another_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="the study needs a table of nasbench201; darts-published is of darts"):
        run_study("toponas-cost", tmp_path / "out", quick=True, table="darts-published")
    assert not (tmp_path / "out").exists()


def test_its_steps_are_those_of_the_frame(tmp_path: Path) -> None:
    rounds = cost.cost_rounds(cost.QUICK_SIZES[0], "gdas", 0)
    assert study._measured(pd.DataFrame(), cost.QUICK_SIZES[0], "gdas").empty
    assert len(study._measured(rounds, cost.QUICK_SIZES[0], "gdas")) == len(rounds)
    assert study._measured(rounds, cost.QUICK_SIZES[0]._replace(width=5), "gdas").empty
    assert study._measured(rounds, cost.QUICK_SIZES[0], "darts").empty
