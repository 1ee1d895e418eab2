"""A table of searches as a frame, text, Markdown and LaTeX: what rows say, and how far ours is from what is printed."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import benchmarks
from harness.errors import ScoresError
from harness.evaluation.searches.published import PublishedSearch
from harness.report.tables.searches import search_rows_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.report.tables.text import sheet_text
from harness.search import METHODS
from harness.studies.kinds import Best, NotRun, Queried, Row, Searched, TabulatedCell
from harness.studies.searches import frame as search_frame
from harness.studies.searches.files import footnote
from harness.studies.searches.rows import NASI_TABLE_1, RESNET
from tests.studies.searches.made_logs import COLUMN, log_of


@pytest.fixture(scope="module")
def table() -> benchmarks.Table:
    return benchmarks.open_table("analognasbench")


def test_a_row_is_the_mean_over_seeds_of_what_stood_after_its_epoch(table: benchmarks.Table) -> None:
    log = pd.concat([log_of("nasi", 0, [80.0, 90.0, 93.0], 2.0), log_of("nasi", 1, [70.0, 92.0, 91.0], 4.0)])
    rows = [
        Row("T", Searched("nasi", epochs=3, after=2)),
        Row("4T", Searched("nasi", epochs=3)),
        Row("ResNet", TabulatedCell(RESNET)),
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
    frame = search_frame.search_rows_frame(rows, table, queried, log, {COLUMN: np.array([10.0, 95.0, 50.0])})
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


def beside_published(
    table: benchmarks.Table, runs: int, preset: str
) -> tuple[pd.DataFrame, list[float], list[str], str]:
    """Our runs beside four published means, of which two lie outside the interval: frame, means, cells, and LaTeX."""
    accuracies = [90.0 + 4 * (seed % 2) for seed in range(runs)]
    log = pd.concat([log_of("nasi", seed, [one], 1.0, preset) for seed, one in enumerate(accuracies)])
    center, error = float(np.mean(accuracies)), float(stats.sem(accuracies))
    low, high = stats.t.interval(0.95, runs - 1, loc=center, scale=error)
    means = [center + 0.5, high + 0.01, low + 0.01, low - 0.01]
    published = tuple(PublishedSearch("p", *((mean, 0.1),) * 3, source="a paper") for mean in means)
    rows = [Row("NASI", Searched("nasi", preset=preset), published), Row("best", Best(), published[:1])]
    frame = search_frame.search_rows_frame(rows, table, pd.DataFrame(), log, {COLUMN: np.array([95.0])})
    sheet = search_rows_sheet(frame)
    cells = [line.split("|")[7].strip() for line in sheet_markdown(sheet).splitlines()]
    return frame, [center - mean for mean in means] + [95 - means[0]], [*cells[3:7], cells[8]], sheet_latex(sheet)


def test_a_published_mean_stands_beside_the_interval_of_ours(table: benchmarks.Table) -> None:
    frame, differences, cells, latex = beside_published(table, 10, "paper")
    beside = frame[frame["whose"] == "published"]
    assert beside[f"{COLUMN}_difference"].tolist() == pytest.approx(differences)
    assert beside[f"{COLUMN}_inside"].tolist() == [True, False, True, False, None]
    assert cells[0] == "92.50 ± 0.10 (−0.50)".replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")
    assert [cell.endswith(")*") for cell in cells] == [False, True, False, True, False]
    assert latex.count(")$^*$") == 2
    assert "dagger" not in latex


def test_few_runs_get_no_star(table: benchmarks.Table) -> None:
    frame, _, cells, latex = beside_published(table, 9, "paper")
    assert frame.loc[frame["whose"] == "published", f"{COLUMN}_inside"].tolist() == [True, False, True, False, None]
    assert all(cell.endswith(")") for cell in cells)
    assert "$^" not in latex


@pytest.mark.parametrize("runs", [3, 12])
def test_another_preset_is_marked_and_gets_no_star(table: benchmarks.Table, runs: int) -> None:
    frame, _, cells, latex = beside_published(table, runs, "laptop")
    assert frame["preset"].dropna().tolist() == ["laptop"]
    assert [cell.endswith(")†") for cell in cells] == [True, True, True, True, False]
    assert latex.count(r")$^\dagger$") == 4
    assert not any("*" in cell for cell in cells)
    footed = footnote(table)
    assert "over at least 10 runs; † where ours ran with another preset" in footed


def printed(rows: tuple[Row, ...], table: benchmarks.Table) -> pd.DataFrame:
    searched = [row.ours for row in rows if isinstance(row.ours, Searched)]
    log = pd.concat([log_of(ours.method, 0, [54.3, 90.0], 1.0, ours.preset) for ours in searched])
    names = [row.ours.name for row in rows if isinstance(row.ours, Queried)]
    queried = pd.DataFrame([{"search": name, "hindrance": "no scores"} for name in names])
    return search_frame.search_rows_frame(rows, table, queried, log, {COLUMN: np.array([95.0])})


def test_the_table_shows_every_row_ours_and_published(table: benchmarks.Table) -> None:
    frame = printed(NASI_TABLE_1, table)
    sheet = search_rows_sheet(frame)
    text, markdown, latex = sheet_text(sheet), sheet_markdown(sheet), sheet_latex(sheet.without("runs", "from"))
    for row in NASI_TABLE_1:
        assert row.label in text
        assert f"| **{row.label}** |" in markdown
    assert len(markdown.splitlines()) == 2 + len(NASI_TABLE_1) + sum(len(row.published) for row in NASI_TABLE_1)
    printed_row = "| &emsp;NASI (T), published |  |  |  |  |  | 93.08 ± 0.24 (−3.08)† | 30 | Shu et al. 2022 (NASI) |"
    assert printed_row in markdown.replace("\N{NO-BREAK SPACE}", " ")
    assert "| &emsp;DARTS-V1, published |" in markdown, "as its paper calls it"
    assert r"93.08 $\pm$ 0.24 ($-$3.08)$^\dagger$ & 30 \\" in latex
    assert latex.count(r"\textbf{90.00}") == sum(isinstance(row.ours, Searched) for row in NASI_TABLE_1)


def test_a_search_says_its_preset_and_what_it_took(table: benchmarks.Table) -> None:
    runs = [log_of("darts", seed, [90.0, 91.0], 2.0, "reduced").assign(cpu_seconds=[1800.0, 3600.0]) for seed in (0, 1)]
    log = pd.concat([*runs, log_of("darts", 0, [60.0], 3.0)])
    settings = {preset: vars(METHODS["darts"].setting("nasbench201", preset)) for preset in ("laptop", "reduced")}
    record = {
        "darts": {"setting": settings["laptop"], "data": {"images": 4096}},
        "darts, reduced": {"setting": settings["reduced"], "data": {"images": 10_000}},
    }
    rows = [Row(preset, Searched("darts", preset=preset)) for preset in ("laptop", "reduced")]
    rows += [Row("RSPS", Searched("rsps", preset="reduced")), Row("Optimal", Best())]
    made = search_frame.search_rows_frame(rows, table, pd.DataFrame(), log, {COLUMN: np.array([95.0])}, None, record)
    found = made.set_index("row")
    assert found["preset"].tolist()[:3] == ["laptop", "reduced", "reduced"]
    assert found["steps"].tolist()[:2] == [32, 250]
    assert found["images"].tolist()[:2] == [4096, 10_000]
    assert found.loc["reduced", "cpu_hours"] == pytest.approx(1.5)
    assert math.isnan(found.loc["laptop", "cpu_hours"]), "a log of earlier versions has no processor time"
    assert found.loc["RSPS", "source"] == "no search with the preset reduced has finished"
    lines = sheet_markdown(search_rows_sheet(made)).splitlines()[2:]
    assert [" ".join(line.split("|")[2:7]).split() for line in lines] == [
        ["1", "laptop", "32", "4,096", "–"],
        ["2", "reduced", "250", "10,000", "1.50"],
        ["0", "reduced", "–", "–", "–"],
        ["–"],
    ]


def test_in_small_the_rows_of_both_presets_are_the_same_searches(table: benchmarks.Table) -> None:
    log = log_of("darts", 0, [90.0, 91.0], 2.0).assign(how="quick, digits")
    setting = vars(METHODS["darts"].setting("nasbench201", "laptop").changed({"epochs": 4}))
    record = {"darts": {"setting": setting, "data": {"images": 1797}}}
    rows = [Row(preset, Searched("darts", preset=preset)) for preset in ("laptop", "reduced")]
    found = search_frame.search_rows_frame(rows, table, pd.DataFrame(), log, {COLUMN: np.array([95.0])}, None, record)
    assert found["steps"].tolist() == [2 * (898 // 64)] * 2
    assert found["preset"].tolist() == ["quick"] * 2


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(ScoresError, match="no searches to show"):
        search_rows_sheet(pd.DataFrame({"row": []}))
