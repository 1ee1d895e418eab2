"""Rows of a table of searches without a search: from the logs of its folder, and from NASI's recorded steps."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from harness.errors import SearchError
from harness.report.files import write_csv
from harness.search import run_search
from harness.spaces import open_space
from harness.spaces.nasbench201.cell import OPERATIONS, Cell
from harness.studies.kinds import Row, Searched, SearchTable
from harness.studies.options import StudyOptions
from harness.studies.searches import search_table as search_tables
from harness.studies.searches.finished import logs_in
from harness.studies.searches.nasi.readings import Reading, parameters_after
from harness.studies.searches.nasi.steps import Steps, read_steps, steps_frame
from harness.studies.searches.record import by_method
from tests.studies.searches.made_logs import COLUMN
from tests.studies.searches.test_outcomes import TINY


def make_table(rows: tuple[Row, ...], options: StudyOptions) -> None:
    search_tables.run_search_table(SearchTable("made here", rows), options)


@pytest.mark.slow
def test_logs_of_another_setting_or_a_torn_record_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_tables, "setting_of", lambda *_, **__: TINY)
    rows = (Row("NASI", Searched("nasi", runs=2)),)
    make_table(rows, StudyOptions(tmp_path, print, "analognasbench"))
    options = StudyOptions(tmp_path, print, "analognasbench")
    runs = search_tables.runs_for_rows(options, rows)
    assert set(logs_in(tmp_path, runs, by_method(runs))) == set(runs)
    longer = [run._replace(setting=replace(run.setting, nu=7.0)) for run in runs]
    assert logs_in(tmp_path, longer, by_method(longer)) == {}
    other = [run._replace(seed=run.seed + 1) for run in runs]
    assert set(logs_in(tmp_path, other, by_method(other))) == {other[0]}
    assert logs_in(tmp_path / "nowhere", runs, by_method(runs)) == {}
    (tmp_path / "study.json").write_text("{}")
    with pytest.raises(SearchError, match="are no study's: give another --out"):
        logs_in(tmp_path, runs, by_method(runs))


def test_recorded_steps_make_nasis_rows_without_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_tables, "search_all", lambda *_: pytest.fail("a search was run"))
    generator = np.random.default_rng(0)
    steps = [Steps(seed, generator.exponential(99, 40), generator.normal(size=(40, 6, 5))) for seed in (2, 5)]
    write_csv(steps_frame(steps), tmp_path / "steps.csv.gz")
    searched = Searched("nasi-ada", epochs=4, preset="paper")
    rows = (Row("T", searched._replace(after=2)), Row("4T", searched))
    options = StudyOptions(tmp_path / "out", print, "analognasbench", steps=tmp_path / "steps.csv.gz")
    make_table(rows, options)
    frame = pd.read_csv(tmp_path / "out" / "table.csv").set_index("row")
    table, space = benchmarks.open_table("analognasbench"), open_space("nasbench201")
    for label, count in (("T", 20), ("4T", 40)):
        cells = []
        for one in read_steps(tmp_path / "steps.csv.gz")[0]:
            alpha = parameters_after(one.traces[:count], one.gradients[:count], Reading(1000, 1, adaptive=True))[:, 1:]
            cells.append(Cell(tuple(OPERATIONS[1 + place] for place in alpha.argmax(axis=1))))
        values = table.values([space.key(cell) for cell in cells], COLUMN)
        assert frame.loc[label, f"{COLUMN}_mean"] == pytest.approx(values.mean())
        assert frame.loc[label, "source"].endswith("from recorded steps; none left out of the derivation")
        assert frame.loc[label, "preset"] == "paper"
        assert np.isnan(frame.loc[label, "seconds"])
    facts = json.loads((tmp_path / "out" / "study.json").read_text())
    assert facts["steps"]["seeds"] == [2, 5]
    assert facts["steps"]["setting"]["without"] == []


@pytest.mark.slow
def test_finished_searches_alone_are_taken_from_logs_and_from_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_tables, "setting_of", lambda *_, **__: TINY)
    rows = (Row("NASI", Searched("nasi", runs=3)), Row("RSPS", Searched("rsps", runs=1)))
    make_table(rows[:1], StudyOptions(tmp_path, print, "analognasbench", runs=1))
    whole = tmp_path / "searches" / "nasi" / "seed_1"
    run_search(open_space("nasbench201"), "nasi", TINY, data="noise", seed=1, out=whole)
    torn = tmp_path / "searches" / "nasi" / "seed_2"
    shutil.copytree(whole, torn)
    lines = (whole / "log.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (torn / "log.csv").write_text("".join(lines[:-1]), encoding="utf-8")
    make_table(rows, StudyOptions(tmp_path, print, "analognasbench", finished=True))
    log = pd.read_csv(tmp_path / "searches.csv.gz")
    assert log.groupby("method")["seed"].unique().map(sorted).to_dict() == {"nasi": [0, 1]}
    frame = pd.read_csv(tmp_path / "table.csv").set_index("row")
    assert frame.loc["NASI", "runs"] == 2
    assert frame.loc["RSPS", "source"] == "no search with the preset laptop has finished"
    record = json.loads((tmp_path / "study.json").read_text(encoding="utf-8"))
    assert list(record["searches"]) == ["nasi"]
    assert record["searches"]["nasi"]["seeds"] == [0, 1]


def test_nothing_finished_makes_a_table_of_what_is_published(tmp_path: Path) -> None:
    rows = (Row("RSPS", Searched("rsps", runs=1)),)
    make_table(rows, StudyOptions(tmp_path, print, "analognasbench", finished=True))
    assert pd.read_csv(tmp_path / "table.csv")["runs"].tolist() == [0]
    assert not (tmp_path / "searches.csv.gz").exists()
