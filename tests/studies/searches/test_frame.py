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
from harness.studies.kinds import Best, NotRun, Queried, Row, Searched, TabulatedCell
from harness.studies.searches import frame as search_frame
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


def test_a_published_mean_stands_beside_the_interval_of_ours(table: benchmarks.Table) -> None:
    log = pd.concat([log_of("nasi", seed, [accuracy], 1.0) for seed, accuracy in enumerate((90.0, 92.0, 94.0))])
    low, high = stats.t.interval(0.95, 2, loc=92, scale=2 / math.sqrt(3))
    means = (93.08, high + 0.01, low + 0.01, low - 0.01)
    published = tuple(PublishedSearch("p", *((mean, 0.1),) * 3, source="a paper") for mean in means)
    rows = [Row("NASI", Searched("nasi"), published), Row("best", Best(), published[:1])]
    frame = search_frame.search_rows_frame(rows, table, pd.DataFrame(), log, {COLUMN: np.array([95.0])})
    beside = frame[frame["whose"] == "published"]
    assert beside[f"{COLUMN}_difference"].tolist() == pytest.approx([92 - mean for mean in means] + [95 - 93.08])
    assert beside[f"{COLUMN}_inside"].tolist() == [True, False, True, False, None]
    cells = [line.split("|")[3].strip() for line in sheet_markdown(search_rows_sheet(frame)).splitlines()[3:7]]
    assert cells[0] == "93.08 ± 0.10 (−1.08)".replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")
    assert cells[1].endswith(")*")
    assert sheet_latex(search_rows_sheet(frame)).count(")$^*$") == 2


def printed(rows: tuple[Row, ...], table: benchmarks.Table) -> pd.DataFrame:
    log = pd.concat([log_of(row.ours.method, 0, [54.3, 90.0], 1.0) for row in rows if isinstance(row.ours, Searched)])
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
    printed_row = "| &emsp;NASI (T), published |  | 93.08 ± 0.24 (−3.08) | 30 | Shu et al. 2022 (NASI) |"
    assert printed_row in markdown.replace("\N{NO-BREAK SPACE}", " ")
    assert "| &emsp;DARTS-V1, published |" in markdown, "as its paper calls it"
    assert r"93.08 $\pm$ 0.24 ($-$3.08) & 30 \\" in latex
    assert latex.count(r"\textbf{90.00}") == sum(isinstance(row.ours, Searched) for row in NASI_TABLE_1)


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(ScoresError, match="no searches to show"):
        search_rows_sheet(pd.DataFrame({"row": []}))
