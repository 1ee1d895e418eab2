"""Tables of searches beside published ones: which searches run, and the whole study in small."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import benchmarks
from harness.errors import ScoresError, SearchError, SettingError
from harness.evaluation.searches.proxy_scores import ProxyScores
from harness.evaluation.searches.table_searches import EXACT
from harness.search import METHODS, SearchSetting
from harness.search.query.methods import METHODS as QUERIED
from harness.spaces import open_space
from harness.studies import darts_genotypes
from harness.studies.kinds import Best, NotRun, Queried, Row, Searched, SearchTable, TabulatedCell
from harness.studies.options import StudyOptions
from harness.studies.searches import frame as search_frame
from harness.studies.searches import search_table as search_tables
from harness.studies.searches.rows import NASI_TABLE_1, NASWOT_TABLE_2, RESNET
from harness.studies.searches.runs import Failure, Outcome, Outcomes, Run
from tests.scoring.cluster.daemons import local_cluster
from tests.studies.searches.made_logs import COLUMN, log_of

TINY = SearchSetting(epochs=2, batch_size=8, width=4, depth=1, image_size=8, images=64, augment=False,
                     evaluation_batches=1, candidates=3)  # fmt: skip


@pytest.fixture(scope="module")
def table() -> benchmarks.Table:
    return benchmarks.open_table("analognasbench")


@pytest.mark.parametrize("rows", [NASI_TABLE_1, NASWOT_TABLE_2], ids=["nasi", "naswot"])
def test_every_row_is_run_by_a_search_that_there_is(rows: tuple[Row, ...]) -> None:
    labels = [row.label for row in rows]
    assert len(set(labels)) == len(labels)
    for row in rows:
        if isinstance(row.ours, Searched):
            assert row.ours.method in METHODS
        if isinstance(row.ours, Queried):
            assert row.ours.name in {*QUERIED, *EXACT}


def test_rows_that_differ_in_the_epoch_share_their_searches(tmp_path: Path) -> None:
    options = StudyOptions(tmp_path, print, "analognasbench", seed=3)
    rows = [
        Row("T", Searched("nasi", epochs=40, after=10, runs=2)),
        Row("4T", Searched("nasi", epochs=40, runs=4)),
        Row("DARTS", Searched("darts", runs=1)),
        Row("no", NotRun("x")),
    ]
    runs = search_tables.runs_for_rows(options, rows)
    assert [(run.method, run.seed) for run in runs] == [
        ("nasi", 3),
        ("nasi", 4),
        ("nasi", 5),
        ("nasi", 6),
        ("darts", 3),
    ]
    assert {run.setting.epochs for run in runs if run.method == "nasi"} == {40}
    assert {run.data for run in runs} == {"noise", "digits"}
    few = search_tables.runs_for_rows(StudyOptions(tmp_path, print, "analognasbench", runs=1, data=tmp_path), rows)
    assert [(run.method, run.data) for run in few] == [("nasi", "noise"), ("darts", str(tmp_path))]
    quick = search_tables.runs_for_rows(StudyOptions(tmp_path, print, "analognasbench", quick=True), rows)
    assert [(run.setting.epochs, run.setting.depth) for run in quick] == [(40, 1), (search_tables.QUICK_EPOCHS, 1)]


def make_table(rows: tuple[Row, ...], options: StudyOptions) -> None:
    search_tables.run_search_table(SearchTable("made here", rows), options)


ROWS = (
    Row("NASI (T)", Searched("nasi", after=1)),
    Row("NASI", Searched("nasi")),
    Row("RSPS", Searched("rsps", runs=2)),
    Row("Random", Queried("random")),
    Row("NASWOT", Queried("best_of_10")),
    Row("ResNet", TabulatedCell(RESNET)),
)


@pytest.mark.slow
def test_the_study_writes_its_table_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_tables, "setting_of", lambda *_, **__: TINY)
    said: list[str] = []
    options = StudyOptions(tmp_path, said.append, "analognasbench", workers=2, runs=2)
    search_tables.run_search_table(SearchTable("made here", ROWS), options)
    log = pd.read_csv(tmp_path / "searches.csv.gz")
    assert set(zip(log["method"], log["seed"], strict=True)) == {(m, s) for m in ("nasi", "rsps") for s in (0, 1)}
    frame = pd.read_csv(tmp_path / "table.csv", float_precision="round_trip").set_index("row")
    first = log[(log["method"] == "nasi") & (log["epoch"] == 1)]
    assert frame.loc["NASI (T)", f"{COLUMN}_mean"] == pytest.approx(first[f"{COLUMN}_for_the_record"].mean())
    assert frame.loc["NASWOT", "source"] == "not run: it looks at nwot: give their scores by --scores"
    assert frame.loc["RSPS", "source"] == "rsps, 2 epochs, preset laptop, digits"
    assert any("no CIFAR-10 here" in line for line in said)
    assert any(line.startswith("rsps: data cifar10 -> digits, ") for line in said)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"table.md", "table.tex", "queried.csv", "curves.svg", "nasi_curves.png", "study.json"} <= names
    facts = json.loads((tmp_path / "study.json").read_text())
    assert facts["workers"] == 2
    assert facts["searches"]["rsps"]["seeds"] == [0, 1]
    assert facts["searches"]["rsps"]["data"] == {"name": "digits", "folder": None, "images": 64}
    assert facts["searches"]["rsps"]["changed_from_paper"]["data"] == ["cifar10", "digits"]
    assert facts["environment"]["cpus"] >= 1
    assert "curves.*, nasi_curves.*, compute.*, study.json" in said[-1]
    again: list[str] = []
    search_tables.run_search_table(
        SearchTable("made here", ROWS), StudyOptions(tmp_path, again.append, "analognasbench", workers=1, runs=2)
    )
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "searches.csv.gz"), log)
    shutil.rmtree(tmp_path / "searches")
    monkeypatch.setattr(search_tables, "search_all", lambda *_: pytest.fail("a search was run again"))
    search_tables.run_search_table(
        SearchTable("made here", ROWS), StudyOptions(tmp_path, again.append, "analognasbench", workers=1, runs=2)
    )
    assert f"4 of 4 searches are in the logs of {tmp_path}, and not run again" in again
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "searches.csv.gz"), log)


def test_shards_run_every_search_once_and_make_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Run] = []
    monkeypatch.setattr(search_tables, "setting_of", lambda *_, **__: TINY)
    monkeypatch.setattr(search_tables, "search_all", lambda runs, _: asked.extend(runs) or Outcomes({}, {}))
    monkeypatch.setattr(search_tables, "table_searches", lambda *_, **__: pytest.fail("the table was queried"))
    said: list[str] = []
    for number in (1, 2, 3):
        make_table(ROWS, StudyOptions(tmp_path, said.append, "analognasbench", runs=2, shard=(number, 3)))
        assert "the same command without --shard makes the study" in said[-1]
    whole = search_tables.runs_for_rows(StudyOptions(tmp_path, print, "analognasbench", runs=2), ROWS)
    assert sorted(asked, key=whole.index) == whole
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_searches_of_a_study_run_on_a_cluster_with_the_same_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed (the extra cluster has it)")
    monkeypatch.setattr(search_tables, "setting_of", lambda *_, **__: TINY)
    said: list[str] = []
    rows = (Row("RSPS", Searched("rsps", runs=2)),)
    with local_cluster(1) as cluster, caplog.at_level(logging.INFO, logger="harness"):
        address = str(cluster.scheduler_address)
        make_table(rows, StudyOptions(tmp_path / "there", said.append, "analognasbench", scheduler=address))
    assert f"Dask: 1 worker at {address}; " in caplog.text
    assert any(line.startswith("2 searches by gradients, on a cluster, into") for line in said)
    make_table(rows, StudyOptions(tmp_path / "here", said.append, "analognasbench"))
    there, here = (pd.read_csv(tmp_path / name / "searches.csv.gz") for name in ("there", "here"))
    pd.testing.assert_frame_equal(
        there.drop(columns=["seconds", "cpu_seconds"]), here.drop(columns=["seconds", "cpu_seconds"]), check_exact=True
    )


def test_what_cannot_be_run_is_said_before_anything_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_tables, "search_all", lambda *_: pytest.fail("something was run"))
    for changes, message, error in (
        ({"scores": tmp_path / "none.csv"}, "none.csv", ScoresError),
        ({"data": tmp_path}, "no data_batch", SettingError),
        ({"table": "darts-published"}, "needs a table of nasbench201", SearchError),
    ):
        given: dict[str, Any] = {"out": tmp_path / "out", "say": print, "table": "analognasbench", **changes}
        options = StudyOptions(**given)
        with pytest.raises(error, match=message):
            search_tables.run_search_table(SearchTable("made here", ROWS), options)
    assert not (tmp_path / "out").exists()


def test_a_search_names_its_folder_and_those_of_another_preset_lie_apart() -> None:
    assert Run("darts", TINY, "digits", 4).folder == "darts/seed_4"
    reduced = Run("darts", TINY, "digits", 4, preset="reduced")
    assert (reduced.folder, reduced.title) == ("reduced/darts/seed_4", "darts, reduced, seed 4")


def test_rows_of_two_presets_are_two_searches_and_in_small_they_are_one(tmp_path: Path) -> None:
    rows = (Row("A", Searched("darts", runs=1)), Row("B", Searched("darts", runs=2, preset="reduced")))
    runs = search_tables.runs_for_rows(StudyOptions(tmp_path, print), rows)
    assert [(run.name, run.seed, run.setting.image_size) for run in runs] == [
        ("darts", 0, 16), ("darts, reduced", 0, 32), ("darts, reduced", 1, 32),
    ]  # fmt: skip
    quick = search_tables.runs_for_rows(StudyOptions(tmp_path, print, quick=True), rows)
    assert [(run.name, run.seed) for run in quick] == [("darts", 0)]


def scores_of(scored: int) -> ProxyScores:
    values = np.full(15_625, np.nan)
    values[:scored] = np.arange(scored)
    return ProxyScores({"scores": values, "metric": values, "condition": values})


def test_a_row_says_how_many_cells_it_sees_and_is_not_run_with_fewer_than_it_draws() -> None:
    assert search_tables._missing_inputs("best_of_100", None)[0] == "it looks at nwot: give their scores by --scores"
    assert (
        search_tables._missing_inputs("best_of_1000", scores_of(486))[0] == "1,000 cells are drawn, and 486 have scores"
    )
    assert search_tables._missing_inputs("best_of_100", scores_of(486)) == (None, "nwot of 486 cells")
    assert search_tables._missing_inputs("hnas", scores_of(20)) == (None, "m_trace and m_condition of 20 cells")
    assert search_tables._missing_inputs("reinforce", None) == (None, None)


def test_the_real_searches_can_be_set_up_in_both_forms(tmp_path: Path) -> None:
    for quick in (False, True):
        options = StudyOptions(tmp_path, print, quick=quick)
        for rows in (NASI_TABLE_1, NASWOT_TABLE_2):
            assert search_tables.runs_for_rows(options, rows)
        assert {run.method for run in darts_genotypes.runs_for_genotypes(options)} == set(darts_genotypes.SEARCHES)


def test_a_table_without_any_search_is_written(tmp_path: Path) -> None:
    said: list[str] = []
    rows = (Row("ResNet", TabulatedCell(RESNET)), Row("Optimal", Best()), Row("ENAS", NotRun("because")))
    search_tables.run_search_table(
        SearchTable("made here", rows), StudyOptions(tmp_path, said.append, "analognasbench")
    )
    assert {path.name for path in tmp_path.iterdir()} == {"table.csv", "table.md", "table.tex", "study.json"}
    assert said[-1].endswith(": table.*, study.json")
    assert not any("CIFAR-10 here" in line for line in said), "nothing trains"


def test_rows_say_how_many_seeds_failed_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = pd.DataFrame({"epoch": [1, 2], "seconds": 1.0, "architecture": RESNET, "training_loss": 1.0,
                        "validation_loss": 1.0, "entropy_nats": 1.0, "skip_connections": 1})  # fmt: skip

    def search_all(runs: list[Run], options: StudyOptions) -> Outcomes:
        lost = {run: Failure("darts: the loss is nan at epoch 2; more", True) for run in runs if run.method == "darts"}
        lost |= {runs[1]: Failure("rsps: the loss is nan; more", True), runs[2]: Failure("ValueError: x")}
        return Outcomes({runs[0]: Outcome(log, {})}, lost)

    monkeypatch.setattr(search_tables, "search_all", search_all)
    monkeypatch.setattr(search_tables, "setting_of", lambda *_, **__: TINY)
    rows = (Row("RSPS", Searched("rsps", runs=3)), Row("DARTS", Searched("darts", runs=2)))
    said: list[str] = []
    search_tables.run_search_table(
        SearchTable("made here", rows), StudyOptions(tmp_path, said.append, "analognasbench")
    )
    assert said[-1].endswith(": table.*, searches.csv.gz, curves.*, compute.*, study.json"), "nothing of NASI"
    frame = pd.read_csv(tmp_path / "table.csv").set_index("row")
    assert frame.loc["RSPS", "source"] == "rsps, 2 epochs, preset laptop, digits; 2 of 3 seeds failed"
    assert frame.loc["RSPS", "runs"] == 1
    assert frame.loc["DARTS", "source"] == "failed: darts: the loss is nan at epoch 2"
    assert frame.loc["DARTS", "runs"] == 0
    failed = json.loads((tmp_path / "study.json").read_text())["searches"]["rsps"]["failed"]
    assert failed == {"1": "rsps: the loss is nan; more", "2": "ValueError: x"}
    diverged = {run: Failure("x", True) for run in [Run("nasi", TINY, "noise", 5)]}
    columns = {COLUMN: np.array([95.0])}
    made = search_frame.search_rows_frame(
        [Row("T", Searched("nasi"))], benchmarks.open_table("analognasbench"), pd.DataFrame(),
        log_of("nasi", 0, [90.0], 1.0), columns, diverged,
    )  # fmt: skip
    assert made.loc[0, "source"] == "nasi, 10 steps, preset laptop, noise; 1 of 2 seeds diverged"


@pytest.mark.parametrize("rows", [NASI_TABLE_1, NASWOT_TABLE_2], ids=["nasi", "naswot"])
def test_the_searches_of_a_method_share_a_setting_as_they_share_a_folder(rows: tuple[Row, ...], tmp_path: Path) -> None:
    runs = search_tables.runs_for_rows(StudyOptions(tmp_path, print), rows)
    assert len({run.folder for run in runs}) == len(runs)


def test_scores_of_another_space_are_refused_with_their_file(nasinit: Callable[..., Any], tmp_path: Path) -> None:
    genotypes = [str(genotype) for genotype in open_space("darts").sample(2)]
    frame = pd.DataFrame({"architecture": genotypes, "proxy": "nwot", "score": 1.0, "status": "ok"})
    frame.to_csv(tmp_path / "genotypes.csv", index=False)
    for study in ("nasi-table-1", "naswot-table-2"):
        ended = nasinit("study", study, "--scores", tmp_path / "genotypes.csv", "--out", tmp_path / "out")
        assert ended.code == 2
        assert "genotypes.csv must hold scores of nasbench201 cells" in ended.err
    assert not (tmp_path / "out").exists()
