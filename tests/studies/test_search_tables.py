"""Tables of searches beside published ones: which searches run, what their rows say, and the whole study in small."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import benchmarks
from harness.errors import ScoresError, SearchError, SettingError
from harness.report.search_rows import search_rows_latex, search_rows_markdown, search_rows_text
from harness.search import METHODS, SearchSetting
from harness.search.queried.methods import METHODS as QUERIED
from harness.spaces import open_space
from harness.studies import darts_genotypes, naswot_table_2, search_frame, search_tables
from harness.studies.conditions import IMAGES, NOISE, possible
from harness.studies.guidance import Guidance
from harness.studies.published_searches import PublishedSearch
from harness.studies.record import _cpu_name
from harness.studies.search_rows import NASI_TABLE_1, NASWOT_TABLE_2, RESNET, Best, Cell, NotRun, Queried, Row, Searched
from harness.studies.search_runs import Failure, Outcome, Outcomes, Run
from harness.studies.study import STUDIES, Study, StudyOptions, find_study
from harness.studies.table_searches import EXACT

COLUMN = "cifar10_test_200ep_pct"
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


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_can_be_found(name: str) -> None:
    study = find_study(name)
    known = set(StudyOptions.__dataclass_fields__)
    assert study.takes <= known


def test_rows_that_differ_in_the_epoch_share_their_searches(tmp_path: Path) -> None:
    options = StudyOptions(tmp_path, print, "analognasbench", seed=3)
    rows = [
        Row("T", Searched("nasi", epochs=40, after=10, runs=2)),
        Row("4T", Searched("nasi", epochs=40, runs=4)),
        Row("DARTS", Searched("darts", runs=1)),
        Row("no", NotRun("x")),
    ]
    runs = search_tables.runs_of(options, rows)
    assert [(run.method, run.seed) for run in runs] == [
        ("nasi", 3),
        ("nasi", 4),
        ("nasi", 5),
        ("nasi", 6),
        ("darts", 3),
    ]
    assert {run.setting.epochs for run in runs if run.method == "nasi"} == {40}
    assert {run.data for run in runs} == {"noise", "digits"}
    few = search_tables.runs_of(StudyOptions(tmp_path, print, "analognasbench", runs=1, data=tmp_path), rows)
    assert [(run.method, run.data) for run in few] == [("nasi", "noise"), ("darts", str(tmp_path))]
    quick = search_tables.runs_of(StudyOptions(tmp_path, print, "analognasbench", quick=True), rows)
    assert [(run.setting.epochs, run.setting.depth) for run in quick] == [(40, 1), (search_tables.QUICK_EPOCHS, 1)]


def log_of(method: str, seed: int, accuracies: list[float], seconds: float) -> pd.DataFrame:
    count = len(accuracies)
    return pd.DataFrame(
        {
            "epoch": range(1, count + 1), "seconds": [seconds] * count, "method": method, "seed": seed,
            f"{COLUMN}_for_the_record": accuracies, "how": "preset laptop, noise",
        }
    )  # fmt: skip


def test_a_row_is_the_mean_over_seeds_of_what_stood_after_its_epoch(table: benchmarks.Table) -> None:
    log = pd.concat([log_of("nasi", 0, [80.0, 90.0, 93.0], 2.0), log_of("nasi", 1, [70.0, 92.0, 91.0], 4.0)])
    rows = [
        Row("T", Searched("nasi", epochs=3, after=2)),
        Row("4T", Searched("nasi", epochs=3)),
        Row("ResNet", Cell(RESNET)),
        Row("Optimal", Best()),
        Row("REA", Queried("regularised_evolution")),
        Row("HNAS", Queried("hnas")),
        Row("ENAS", NotRun("because")),
    ]
    queried = pd.DataFrame(
        [
            {"search": "regularised_evolution", "source": "Real", "runs": 7, "seconds": 11.0, f"{COLUMN}_mean": 93.5,
             f"{COLUMN}_std": 0.25, "seen": None, "hindrance": None},
            {"search": "hnas", "hindrance": "it needs scores"},
        ]
    )  # fmt: skip
    values = table.values([str(key) for key in [RESNET]], COLUMN)
    frame = search_frame.table_of(rows, table, queried, log, {COLUMN: np.array([10.0, 95.0, 50.0])})
    found = frame.set_index("row")
    assert list(found[f"{COLUMN}_mean"].round(6))[:5] == [91.0, 92.0, pytest.approx(float(values[0])), 95.0, 93.5]
    assert found.loc["T", f"{COLUMN}_std"] == pytest.approx(math.sqrt(2))
    assert list(found["seconds"])[:2] == [6.0, 9.0]
    assert list(found["runs"])[:2] == [2, 2]
    assert found.loc["REA", "runs"] == 7
    assert found.loc["REA", "source"] == "queried here, simulated seconds"
    assert found.loc["T", "source"] == "nasi, 20 steps, preset laptop, noise"
    assert found.loc["HNAS", "source"] == "not run: it needs scores"
    assert found.loc["ENAS", "source"] == "not run: because"
    assert math.isnan(found.loc["ENAS", f"{COLUMN}_mean"])


def test_a_published_mean_stands_beside_the_interval_of_ours(table: benchmarks.Table) -> None:
    log = pd.concat([log_of("nasi", seed, [accuracy], 1.0) for seed, accuracy in enumerate((90.0, 92.0, 94.0))])
    low, high = stats.t.interval(0.95, 2, loc=92, scale=2 / math.sqrt(3))
    means = (93.08, high + 0.01, low + 0.01, low - 0.01)
    published = tuple(PublishedSearch("p", *((mean, 0.1),) * 3, source="a paper") for mean in means)
    rows = [Row("NASI", Searched("nasi"), published), Row("best", Best(), published[:1])]
    frame = search_frame.table_of(rows, table, pd.DataFrame(), log, {COLUMN: np.array([95.0])})
    beside = frame[frame["whose"] == "published"]
    assert beside[f"{COLUMN}_difference"].tolist() == pytest.approx([92 - mean for mean in means] + [95 - 93.08])
    assert beside[f"{COLUMN}_inside"].tolist() == [True, False, True, False, None]
    cells = [line.split("|")[3].strip() for line in search_rows_markdown(frame).splitlines()[3:7]]
    assert cells[0] == "93.08 ± 0.10 (−1.08)".replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")
    assert cells[1].endswith(")*")
    assert search_rows_latex(frame).count(")$^*$") == 2


def printed(rows: tuple[Row, ...], table: benchmarks.Table) -> pd.DataFrame:
    log = pd.concat([log_of(row.ours.method, 0, [54.3, 90.0], 1.0) for row in rows if isinstance(row.ours, Searched)])
    names = [row.ours.name for row in rows if isinstance(row.ours, Queried)]
    queried = pd.DataFrame([{"search": name, "hindrance": "no scores"} for name in names])
    return search_frame.table_of(rows, table, queried, log, {COLUMN: np.array([95.0])})


def test_the_table_shows_every_row_ours_and_published(table: benchmarks.Table) -> None:
    frame = printed(NASI_TABLE_1, table)
    text, markdown, latex = (show(frame) for show in (search_rows_text, search_rows_markdown, search_rows_latex))
    for row in NASI_TABLE_1:
        assert row.label in text
        assert f"| **{row.label}** |" in markdown
    assert len(markdown.splitlines()) == 2 + len(NASI_TABLE_1) + sum(len(row.published) for row in NASI_TABLE_1)
    printed_row = "| &emsp;NASI (T), published |  | 93.08 ± 0.24 (−3.08) | 30 | Shu et al. 2022 (NASI) |"
    assert printed_row in markdown.replace("\N{NO-BREAK SPACE}", " ")
    assert "| &emsp;DARTS-V1, published |" in markdown, "as its paper calls it"
    assert r"93.08 $\pm$ 0.24 ($-$3.08) & 30 \\" in latex
    assert latex.count(r"\textbf{90.00}") == sum(isinstance(row.ours, Searched) for row in NASI_TABLE_1)


def test_an_empty_table_is_refused() -> None:
    for show in (search_rows_text, search_rows_markdown, search_rows_latex):
        with pytest.raises(ScoresError, match="no searches to show"):
            show(pd.DataFrame({"row": []}))


ROWS = (
    Row("NASI (T)", Searched("nasi", after=1)),
    Row("NASI", Searched("nasi")),
    Row("RSPS", Searched("rsps", runs=2)),
    Row("Random", Queried("random")),
    Row("NASWOT", Queried("best_of_10")),
    Row("ResNet", Cell(RESNET)),
)


def test_the_study_writes_its_table_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_tables, "setting_of", lambda *_, **__: TINY)
    said: list[str] = []
    options = StudyOptions(tmp_path, said.append, "analognasbench", workers=2, runs=2)
    search_tables.run_search_table(options, ROWS)
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
    assert "curves.*, nasi_curves.*, nasi_steps.csv.gz" in said[-1]
    again: list[str] = []
    search_tables.run_search_table(StudyOptions(tmp_path, again.append, "analognasbench", workers=1, runs=2), ROWS)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "searches.csv.gz"), log)


def test_what_cannot_be_run_is_said_before_anything_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_tables, "run_all", lambda *_: pytest.fail("something was run"))
    for changes, message, error in (
        ({"scores": tmp_path / "none.csv"}, "none.csv", ScoresError),
        ({"data": tmp_path}, "no data_batch", SettingError),
        ({"table": "darts-published"}, "needs a table of nasbench201", SearchError),
    ):
        given: dict[str, Any] = {"out": tmp_path / "out", "say": print, "table": "analognasbench", **changes}
        options = StudyOptions(**given)
        with pytest.raises(error, match=message):
            search_tables.run_search_table(options, ROWS)
    assert not (tmp_path / "out").exists()


def test_a_search_names_its_folder() -> None:
    assert Run("darts", TINY, "digits", 4).folder == "darts/seed_4"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nasi-table-1", "--sample", "9"], "has no --sample"),
        (["zero-cost-nas", "--runs", "2", "--scores", "x.csv"], "has no --runs and no --scores"),
        (["nasi-table-1", "--runs", "0"], "--runs must be a whole number from 1 to 100, got 0"),
        (["darts-genotypes", "--runs", "1000000"], "--runs must be a whole number from 1 to 100, got 1000000"),
        (["nasi-table-1", "--seed", "-1"], "--seed must be a whole number from 0, got -1"),
        (["darts-genotypes", "--table", "nasbench201"], "has no --table"),
        (["naswot-table-2", "--scores", "/nowhere.csv"], "/nowhere.csv"),
    ],
)
def test_bad_options_end_in_a_line(nasinit: Callable[..., Any], arguments: list[str], message: str) -> None:
    ended = nasinit("study", *arguments)
    assert ended.code == 2, ended.err
    assert message in ended.err
    assert "Traceback" not in ended.err


def guidance(scored: int) -> Guidance:
    values = np.full(15_625, np.nan)
    values[:scored] = np.arange(scored)
    return Guidance({"scores": values, "metric": values, "condition": values})


def test_a_row_says_how_many_cells_it_sees_and_is_not_run_with_fewer_than_it_draws() -> None:
    assert search_tables._sight("best_of_100", None)[0] == "it looks at nwot: give their scores by --scores"
    assert search_tables._sight("best_of_1000", guidance(486))[0] == "1,000 cells are drawn, and 486 have scores"
    assert search_tables._sight("best_of_100", guidance(486)) == (None, "nwot of 486 cells")
    assert search_tables._sight("hnas", guidance(20)) == (None, "m_trace and m_condition of 20 cells")
    assert search_tables._sight("reinforce", None) == (None, None)


def test_the_real_searches_can_be_set_up_in_both_forms(tmp_path: Path) -> None:
    for quick in (False, True):
        options = StudyOptions(tmp_path, print, quick=quick)
        for rows in (NASI_TABLE_1, NASWOT_TABLE_2):
            assert search_tables.runs_of(options, rows)
        assert {run.method for run in darts_genotypes.runs_of(options)} == set(darts_genotypes.SEARCHES)


@pytest.mark.parametrize("field", ["workers", "seed", "runs"])
def test_options_of_the_wrong_kind_are_refused(field: str, tmp_path: Path) -> None:
    for value in (-1, "2", 1.5, True):
        with pytest.raises(SettingError, match=f"--{field} must be a whole number"):
            StudyOptions(tmp_path, print, **{field: value})  # type: ignore[arg-type]


def test_a_table_without_any_search_is_written(tmp_path: Path) -> None:
    said: list[str] = []
    rows = (Row("ResNet", Cell(RESNET)), Row("Optimal", Best()), Row("ENAS", NotRun("because")))
    search_tables.run_search_table(StudyOptions(tmp_path, said.append, "analognasbench"), rows)
    assert {path.name for path in tmp_path.iterdir()} == {"table.csv", "table.md", "table.tex", "study.json"}
    assert said[-1].endswith(": table.*, study.json")
    assert not any("CIFAR-10 here" in line for line in said), "nothing trains"


def test_rows_say_how_many_seeds_failed_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = pd.DataFrame({"epoch": [1, 2], "seconds": 1.0, "architecture": RESNET, "training_loss": 1.0,
                        "validation_loss": 1.0, "entropy_nats": 1.0, "skip_connections": 1})  # fmt: skip

    def run_all(runs: list[Run], *_: object) -> Outcomes:
        lost = {run: Failure("darts: the loss is nan at epoch 2; more", True) for run in runs if run.method == "darts"}
        lost |= {runs[1]: Failure("rsps: the loss is nan; more", True), runs[2]: Failure("ValueError: x")}
        return Outcomes({runs[0]: Outcome(log, {})}, lost)

    monkeypatch.setattr(search_tables, "run_all", run_all)
    monkeypatch.setattr(search_tables, "setting_of", lambda *_, **__: TINY)
    rows = (Row("RSPS", Searched("rsps", runs=3)), Row("DARTS", Searched("darts", runs=2)))
    said: list[str] = []
    search_tables.run_search_table(StudyOptions(tmp_path, said.append, "analognasbench"), rows)
    assert said[-1].endswith(": table.*, searches.csv.gz, curves.*, study.json"), "nothing of NASI"
    frame = pd.read_csv(tmp_path / "table.csv").set_index("row")
    assert frame.loc["RSPS", "source"] == "rsps, 2 epochs, preset laptop, digits; 2 of 3 seeds failed"
    assert frame.loc["RSPS", "runs"] == 1
    assert frame.loc["DARTS", "source"] == "failed: darts: the loss is nan at epoch 2"
    assert frame.loc["DARTS", "runs"] == 0
    failed = json.loads((tmp_path / "study.json").read_text())["searches"]["rsps"]["failed"]
    assert failed == {"1": "rsps: the loss is nan; more", "2": "ValueError: x"}
    diverged = {run: Failure("x", True) for run in [Run("nasi", TINY, "noise", 5)]}
    columns = {COLUMN: np.array([95.0])}
    made = search_frame.table_of(
        [Row("T", Searched("nasi"))], benchmarks.open_table("analognasbench"), pd.DataFrame(),
        log_of("nasi", 0, [90.0], 1.0), columns, diverged,
    )  # fmt: skip
    assert made.loc[0, "source"] == "nasi, 10 steps, preset laptop, noise; 1 of 2 seeds diverged"


@pytest.mark.parametrize("rows", [NASI_TABLE_1, NASWOT_TABLE_2], ids=["nasi", "naswot"])
def test_the_searches_of_a_method_share_a_setting_as_they_share_a_folder(rows: tuple[Row, ...], tmp_path: Path) -> None:
    runs = search_tables.runs_of(StudyOptions(tmp_path, print), rows)
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


@pytest.mark.parametrize(("flags", "folder"), [((), "naswot-table-2"), (("--quick",), "naswot-table-2-quick")])
def test_the_quick_form_has_a_folder_of_its_own(
    nasinit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], folder: str
) -> None:
    given: list[StudyOptions] = []
    monkeypatch.setattr(naswot_table_2, "STUDY", Study(given.append, search_tables.TAKES))
    assert nasinit("study", "naswot-table-2", *flags).code == 0
    assert nasinit("study", "naswot-table-2", *flags, "--out", "elsewhere").code == 0
    assert [options.out for options in given] == [Path("studies") / folder, Path("elsewhere")]


def test_the_studies_are_listed_with_what_they_take(nasinit: Callable[..., Any]) -> None:
    lines = nasinit("study").out.splitlines()
    assert len(lines) == 2 * len(STUDIES)
    for place, name in enumerate(STUDIES):
        assert lines[2 * place].startswith(f"{name}: ")
        assert {text.removeprefix("--") for text in lines[2 * place + 1].split()} == find_study(name).takes | {"out"}


def test_images_are_read_only_by_a_condition_that_needs_them(tmp_path: Path) -> None:
    options = StudyOptions(tmp_path, print, data=tmp_path / "no_images")
    assert possible({"noise": NOISE}, options) == {"noise": NOISE}
    with pytest.raises(SettingError, match="no_images"):
        possible({"noise": NOISE, "images": IMAGES}, options)


def test_the_record_names_the_processor(tmp_path: Path) -> None:
    described = tmp_path / "cpuinfo"
    described.write_text("processor\t: 0\nmodel name\t: A: processor\nmodel name\t: another\n")
    assert _cpu_name(described) == "A: processor"
    assert _cpu_name(tmp_path / "none") == (platform.processor() or None)
