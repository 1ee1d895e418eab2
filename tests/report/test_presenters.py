"""What results show of themselves: its tables and its figure, those of the functions of the report."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

import benchmarks
import harness
from harness import report
from harness.errors import HarnessError, ScoresError
from harness.evaluation.ablation import ablate
from harness.evaluation.agreement import agreement, agreement_matrix
from harness.evaluation.evidence import EvidenceOptions, gather_evidence
from harness.evaluation.matrix import Matrix
from harness.evaluation.published import BesidePublished
from harness.report.presenters import ARTICLE_COLUMN, figure_of, sheets_of
from harness.search import SearchSeeds, SearchSetting
from harness.text.presented import Drawn, Presented
from tests.report.latex_source import faults

COLUMN = "cifar10_test_200ep_pct"
SEEDS = ("", "_seed777", "_seed888")
CELLS = [str(cell) for cell in harness.open_space("nasbench201").sample(40, seed=3)]


@pytest.fixture(scope="module")
def table() -> benchmarks.Table:
    """Accuracies of two trainings and their mean, and a latency."""
    generator = np.random.default_rng(5)
    values = generator.uniform(80, 95, size=(2, 40)).round(2)
    columns = [
        *(benchmarks.Column(f"{COLUMN}{end}", "cifar10", "test", 200, "pct", "one", "made here") for end in SEEDS),
        benchmarks.Column("latency_ms", None, None, None, "ms", "one", "made here", higher_is_better=False),
    ]
    facts = benchmarks.Facts("made", "nasbench201", "A table of this test", "nowhere", "none", None, None, None, "No.")
    return benchmarks.Table(CELLS, columns, [values.mean(0), *values, generator.uniform(1, 9, size=40)], facts)


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    """Scores of 40 cells by two proxies and the baselines, under two seeds."""
    found = {}
    for seed in (0, 1):
        generator = np.random.default_rng(seed)
        rows = [
            (cell, name, generator.normal(), "ok", 0.1)
            for name in ("nwot", "snip", "params", "flops")
            for cell in CELLS
        ]
        found[f"seed_{seed}"] = pd.DataFrame(rows, columns=["architecture", "proxy", "score", "status", "seconds"])
    return found


def log_of(seed: int) -> pd.DataFrame:
    """The log of a search that did not run."""
    return pd.DataFrame(
        {
            "epoch": [1, 2], "training_loss": 2.0, "validation_loss": [2.0, 1.5 + seed], "entropy_nats": 1.6,
            "skip_connections": [0, seed], "architecture": CELLS[seed], "seconds": 1.5, "seed": seed,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def results(table: benchmarks.Table, frames: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """A result of every kind."""
    first = frames["seed_0"]
    ranking = harness.correlate(first, table, COLUMN, resamples=20)
    x, y = harness.Quantity(table, "latency_ms"), harness.Quantity(table, COLUMN)
    setting = SearchSetting(epochs=2, batch_size=8, width=4, depth=1, image_size=8, images=64, augment=False)
    space = harness.open_space("nasbench201")
    beside = pd.DataFrame(
        {
            "condition": ["gaussian", "cifar10"], "proxy": "nwot", "column": COLUMN, "coefficient": "spearman", "n": 40,
            "ours": [0.5, 0.6], "low": 0.4, "high": 0.7, "published": [0.55, np.nan], "difference": [-0.05, np.nan],
            "inside": [True, None], "source": ["somewhere", ""],
        }
    )  # fmt: skip
    return {
        "ranking": ranking,
        "comparison": harness.compare(ranking, resamples=20),
        "beyond size": harness.beyond_size(ranking, resamples=20),
        "top": harness.top(ranking),
        "ceiling": harness.ceiling(ranking, table),
        "evidence": gather_evidence(ranking, table, EvidenceOptions("params", top=True, resamples=20)),
        "trade-off": harness.trade_off(first, x, y, ["nwot", "params"]),
        "transfer": harness.transfer(frames, table, [COLUMN], resamples=20),
        "stability": harness.stability(frames, resamples=20),
        "ablation": ablate(frames, table, COLUMN, base="seed_0", resamples=20),
        "matrix": Matrix(pd.DataFrame({"a": [0.5, 1.0]}, index=pd.Index(["x", "y"], name="kind")), "share", 0, 1, 2),
        "beside published": BesidePublished(beside, {"gaussian": "noise", "cifar10": "images"}),
        "searches": harness.table_searches(benchmarks.open_table("nasbench201"), ["random"], runs=3),
        "search": harness.run_search(space, "rsps", setting, data="digits"),
        "seeds": SearchSeeds("made", pd.concat([log_of(seed) for seed in range(3)], ignore_index=True)),
    }


KINDS = (
    "ranking", "comparison", "beyond size", "top", "ceiling", "evidence", "trade-off", "transfer", "stability",
    "ablation", "matrix", "beside published", "searches", "search", "seeds",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_result_has_its_tables(kind: str, results: dict[str, Any]) -> None:
    result = results[kind]
    assert isinstance(result, Presented)
    sheets = sheets_of(result)
    assert result.to_markdown() == "\n\n".join(map(report.sheet_markdown, sheets))
    assert result.to_latex() == "\n".join(map(report.sheet_latex, sheets))
    assert result.to_text(200) == "\n\n".join(report.sheet_text(sheet, 200) for sheet in sheets)
    page = result._repr_html_()
    assert page.count("<table>") == page.count("</table>") == len(sheets)
    assert page.count("<tr") == sum(len(sheet.rows) + 1 for sheet in sheets)
    assert "<script" not in page
    assert isinstance(result.frame, pd.DataFrame)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_latex_takes_every_table_as_it_is_meant(
    kind: str, narrow: bool, results: dict[str, Any], tmp_path: Path
) -> None:
    source = results[kind].to_latex("tab:any", narrow=narrow)
    assert faults(source) == []
    assert source.count(r"\begin{tabular}") == len(sheets_of(results[kind]))
    if shutil.which("latex"):
        start = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n"
        (tmp_path / "table.tex").write_text(f"{start}{source}\\end{{document}}\n")
        command = ["latex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0


def test_names_with_marks_of_latex_are_set_as_they_are(
    table: benchmarks.Table, frames: dict[str, pd.DataFrame]
) -> None:
    names = {"nwot": r"β_100%&#{~^\<$", "snip": "a_b"}
    frame = frames["seed_0"].replace({"proxy": names})
    ranking = harness.correlate(frame, table, COLUMN, resamples=5)
    x, y = harness.Quantity(table, "latency_ms"), harness.Quantity(table, COLUMN)
    results = [ranking, agreement_matrix(ranking, ()), harness.trade_off(frame, x, y, list(names.values()))]
    for result in results:
        source = result.to_latex()
        assert faults(source) == []
        assert r"$\beta$\_100\%\&\#\{\textasciitilde{}\textasciicircum{}\textbackslash{}$<$\$" in source


def test_the_caption_has_the_level_of_the_intervals(table: benchmarks.Table, frames: dict[str, pd.DataFrame]) -> None:
    ranking = harness.correlate(frames["seed_0"], table, COLUMN, resamples=5, confidence=0.9)
    assert r"with 90\,\% bootstrap intervals." in ranking.to_latex()


@pytest.mark.parametrize("kind", [kind for kind in KINDS])
def test_every_result_that_has_a_figure_draws_it(kind: str, results: dict[str, Any]) -> None:
    result = results[kind]
    options = {"series": {"seed": [("seed_1", "1")]}} if kind == "ablation" else {}
    if not isinstance(result, Drawn):
        assert not hasattr(result, "plot")
        with pytest.raises(HarnessError, match="has no figure"):
            figure_of(result)
        return
    figure = result.plot(**options)
    assert isinstance(figure, Figure)
    assert figure.get_axes()


def test_a_figure_takes_its_options(results: dict[str, Any]) -> None:
    few, every = results["ranking"].plot(proxies=["nwot"], columns=1), results["ranking"].plot()
    assert len(few.get_axes()) < len(every.get_axes())
    with pytest.raises(ScoresError, match="nwto"):
        results["ranking"].plot(proxies=["nwto"])


def test_a_ranking_draws_the_heat_map_of_its_proxies(results: dict[str, Any]) -> None:
    ranking = results["ranking"]
    axes = ranking.heat_map(["nwot", "params"]).get_axes()[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [COLUMN, "nwot", "params"]
    written = [float(text.get_text().replace("−", "-")) for text in axes.texts]
    expected = agreement(ranking).loc[[COLUMN, "nwot", "params"], [COLUMN, "nwot", "params"]]
    np.testing.assert_allclose(written, expected.to_numpy().ravel(), atol=0.0051)
    with pytest.raises(ScoresError, match=r"'nwto'\. Did you mean 'nwot'"):
        ranking.heat_map(["nwto"])


def test_the_reference_says_which_results_have_a_figure(results: dict[str, Any]) -> None:
    text = " ".join((Path(__file__).parents[2] / "docs/reference/harness.md").read_text(encoding="utf-8").split())
    before, after = text.split("draw their figure with `plot`.")
    drawn, tables = before[-250:], after.split("have tables alone.")[0]
    names = {"searches": "TableSearches", "search": "SearchResult", "seeds": "SearchSeeds", "ranking": "Ranking",
             "comparison": "compare", "trade-off": "trade_off", "beyond size": "beyond_size"}  # fmt: skip
    for kind in ("ranking", "comparison", "trade-off", "search", "seeds"):
        assert isinstance(results[kind], Drawn)
        assert f"`{names[kind]}`" in drawn
    for kind in ("searches", "beyond size", "top", "ceiling", "stability", "transfer"):
        assert not isinstance(results[kind], Drawn)
        assert f"`{names.get(kind, kind)}`" in tables


def test_latex_has_a_label_and_chosen_columns(results: dict[str, Any]) -> None:
    latex = results["ranking"].to_latex("tab:mine", columns=["Spearman"])
    assert r"\label{tab:mine}" in latex
    assert "Spearman" in latex
    assert "Kendall" not in latex
    body = latex[latex.index(r"\begin{tabular}") : latex.index(r"\end{tabular}")]
    assert all(line.count("&") == 1 for line in body.splitlines() if line.endswith(r"\\"))
    with pytest.raises(ScoresError, match=r"Did you mean 'Spearman'.*Top 10.*kendall_tau_b"):
        results["ranking"].to_latex(columns=["Spearmann"])


def heads_of(latex: str) -> list[str]:
    return latex.split("\\toprule\n")[1].split(" \\\\")[0].split(" & ")


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize(
    "columns",
    [
        ("n", "Top 10", "Kendall τ-b", "failed"),
        ("N", "top10_best", "kendall_tau_b", "failed (%)"),
        ("$n$", "best of first 10", "KENDALL TAU-B", "Failed"),
    ],
)
def test_columns_are_known_by_any_spelling_and_keep_their_order(
    results: dict[str, Any], columns: tuple[str, ...], narrow: bool
) -> None:
    latex = results["ranking"].to_latex(columns=columns, narrow=narrow)
    assert heads_of(latex) == ["Proxy", "$n$", "Top 10", r"Kendall $\tau_b$", r"Failed (\%)"]
    assert "Top 10: the best accuracy among the ten highest scores; bold: " in latex
    assert "Perc." not in latex


@pytest.mark.parametrize("label", ["a}b%", "tab:a b", "ä", "a_b\n"])
def test_a_label_that_latex_cannot_read_is_refused(results: dict[str, Any], label: str) -> None:
    with pytest.raises(ScoresError, match="a LaTeX label has letters, digits"):
        results["ranking"].to_latex(label)


def test_abbreviations_are_explained(results: dict[str, Any]) -> None:
    latex = results["ranking"].to_latex()
    caption = latex.split(r"\caption{")[1].split("}\n")[0]
    assert all(f"{head}: " in caption for head in heads_of(latex) if head in ("First", "Perc.", "Top 10"))


def test_a_narrow_table_fits_an_articles_column(results: dict[str, Any]) -> None:
    wide, narrow = (results["ranking"].to_latex(narrow=value) for value in (False, True))
    columns = [text[text.index("{tabular}{") :].split("}")[1].count("r") for text in (wide, narrow)]
    assert columns[1] < columns[0]
    assert r"\footnotesize" in narrow
    assert "Left out: " in narrow
    text = results["ranking"].to_text(ARTICLE_COLUMN)
    assert max(map(len, text.splitlines())) <= ARTICLE_COLUMN


def test_what_a_table_shows_is_data(results: dict[str, Any]) -> None:
    frame = results["ranking"].frame.assign(proxy=["<b>x</b>", "b&c", "params", "flops"])
    changed = type(results["ranking"])(**{**vars(results["ranking"]), "frame": frame})
    assert "<b>x</b>" not in changed._repr_html_()
    assert "&lt;b&gt;x&lt;/b&gt;" in changed._repr_html_()


def test_the_search_shows_every_epoch(results: dict[str, Any]) -> None:
    (sheet,) = sheets_of(results["search"])
    assert [str(row[0]) for row in sheet.rows] == ["1", "2"]
    assert str(results["search"].architecture) in sheet.title
    assert torch.is_tensor(next(iter(results["search"].weights.values())))


def test_what_has_no_table_says_so() -> None:
    with pytest.raises(HarnessError, match="dict has no table"):
        sheets_of({})
