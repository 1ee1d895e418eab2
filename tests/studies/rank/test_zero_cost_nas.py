"""The study zero-cost-nas: published figures beside ours, its tables and folder, and what it says without data."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import benchmarks
from harness.errors import ScoresError, SettingError
from harness.evaluation.published import BesidePublished
from harness.proxies import combined as combine
from harness.proxies.registry import list_proxies, resolve
from harness.report.figures.beside_published import beside_published
from harness.report.tables.beside_published import published_sheets
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.report.tables.text import sheet_text
from harness.setting import Setting
from harness.spaces import open_space
from harness.studies import kinds, samples
from harness.studies.kinds import DATASETS, KENDALL, SPEARMAN, PublishedCoefficient
from harness.studies.options import StudyOptions
from harness.studies.rank import rank_study, zero_cost_nas
from harness.studies.rank.rank_study import ours_and_published
from harness.studies.study import make

COLUMN = "cifar10_test_200ep_pct"


def ranking(**values: tuple[float, float, float]) -> pd.DataFrame:
    """A ranking frame's columns that `ours_and_published` reads; Kendall's is half of Spearman's."""
    rows = [
        {
            "proxy": proxy, "n": 10, "spearman": value, "spearman_low": low, "spearman_high": high,
            "kendall_tau_b": value / 2, "kendall_tau_b_low": low / 2, "kendall_tau_b_high": high / 2,
        }
        for proxy, (value, low, high) in values.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_ours_stands_beside_what_is_published() -> None:
    published = [
        PublishedCoefficient("a", "x", SPEARMAN, 0.5, "paper"),
        PublishedCoefficient("a", "x", KENDALL, 0.1, "other"),
        PublishedCoefficient("b", "y", SPEARMAN, 0.9, "paper"),
        PublishedCoefficient("unknown", "x", SPEARMAN, 0.9, "paper"),
    ]
    frames = {"x": ranking(a=(0.6, 0.4, 0.7), b=(0.2, 0.1, 0.3)), "y": ranking(b=(0.2, 0.1, 0.3))}
    rows = ours_and_published(frames, published)
    found = {(row.proxy, row.column, row.coefficient): row for row in rows.itertuples()}
    assert set(found) == {("a", "x", SPEARMAN), ("a", "x", KENDALL), ("b", "x", SPEARMAN), ("b", "y", SPEARMAN)}
    a, a_tau, b_x, b = (found[key] for key in found)
    assert (a.ours, a.published, a.inside, a.source) == (0.6, 0.5, True, "paper")
    assert a.difference == pytest.approx(0.1)
    assert (a_tau.ours, a_tau.low, a_tau.inside) == (0.3, 0.2, False)
    assert b_x.inside is None
    assert math.isnan(b_x.published)
    assert (b.published, b.inside) == (0.9, False)


def test_an_undefined_coefficient_is_neither_inside_nor_outside() -> None:
    nan = math.nan
    (row,) = ours_and_published(
        {"x": ranking(a=(nan, nan, nan))}, [PublishedCoefficient("a", "x", SPEARMAN, 0.5, "paper")]
    ).itertuples()
    assert row.inside is None


def test_published_names_are_proxies_or_combinations() -> None:
    known = {entry.name for entry in list_proxies()} | set(rank_study.COMBINED)
    assert {item.proxy for item in zero_cost_nas.PUBLISHED_COEFFICIENTS} <= known
    assert {item.column for item in zero_cost_nas.PUBLISHED_COEFFICIENTS} == set(DATASETS)
    keys = [(item.proxy, item.column, item.coefficient) for item in zero_cost_nas.PUBLISHED_COEFFICIENTS]
    assert len(set(keys)) == len(keys)


def random_scores(proxies: tuple[str, ...], count: int = 40) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    cells = [str(cell) for cell in open_space("nasbench201").sample(count)]
    return pd.concat(
        pd.DataFrame({"architecture": cells, "proxy": name, "score": generator.normal(size=count), "status": "ok"})
        for name in proxies
    )


def test_combinations_are_ranked_as_proxies_where_their_parts_are_there() -> None:
    frame = random_scores((*combine.ZERO_COST_VOTE, *combine.AZ_NAS))
    combined = rank_study.with_combinations(frame)
    assert set(combined["proxy"]) - set(frame["proxy"]) == {"vote", "az_nas"}
    table = benchmarks.open_table("analognasbench")
    row = rank_study.rank(frame, table, [COLUMN])[COLUMN].frame.set_index("proxy").loc["vote"]
    accuracies = dict(zip(table.keys, table.values(table.keys, COLUMN), strict=True))
    votes = combine.vote(combine.wide(frame))
    expected = stats.spearmanr(votes, [accuracies[cell] for cell in votes.index]).statistic
    assert row["spearman"] == pytest.approx(expected, rel=1e-12)


@pytest.fixture(scope="module")
def comparison() -> pd.DataFrame:
    frames = {
        column: ranking(nwot=(0.7, 0.6, 0.75), swap=(-0.2, -0.3, -0.1), params=(0.74, 0.7, 0.8)) for column in DATASETS
    }
    parts = [
        ours_and_published(frames, zero_cost_nas.PUBLISHED_COEFFICIENTS).assign(condition=name)
        for name in zero_cost_nas.STUDY.words
    ]
    return pd.concat(parts, ignore_index=True)


def test_markdown_has_a_row_a_proxy_and_marks_what_lies_outside(comparison: pd.DataFrame) -> None:
    sheets = published_sheets(comparison[comparison["condition"] == "cifar10"])
    text = "\n".join(map(sheet_markdown, sheets))
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [row[0] for row in cells] == ["`nwot`", "`swap`", "`params`", "`nwot`"]
    assert cells[0][2:4] == ["0.70 [0.60, 0.75]", "0.80 (−0.10)*"]
    assert cells[1][2:6] == ["−0.20 [−0.30, −0.10]", "0.90 (−1.10)*", "−0.20 [−0.30, −0.10]", "–"]
    assert cells[2][2:4] == ["0.74 [0.70, 0.80]", "0.77 (−0.03)"]
    assert cells[3][2:4] == ["0.35 [0.30, 0.38]", "0.574 (−0.22)*"]
    assert "`swap`" in rank_study.tables(BesidePublished(comparison, zero_cost_nas.STUDY.words))


def test_published_numbers_have_the_decimals_of_their_paper() -> None:
    column, paper = DATASETS[0], "three decimals"
    published = [
        PublishedCoefficient("a", column, SPEARMAN, 0.360, paper),
        PublishedCoefficient("b", column, SPEARMAN, -0.594, paper),
        PublishedCoefficient("c", column, SPEARMAN, 1.0, "two"),
        PublishedCoefficient("d", column, SPEARMAN, 0.0, "two"),
    ]
    frame = ranking(**{name: (0.5, -1.0, 1.0) for name in "abcde"})
    (sheet,) = published_sheets(ours_and_published({column: frame}, published))
    text = sheet_markdown(sheet)
    shown = {line.split("`")[1]: line.split("|")[4].strip() for line in text.splitlines() if line.startswith("| `")}
    assert shown == {
        "a": "0.360 (+0.14)", "b": "−0.594 (+1.09)", "c": "1.00 (−0.50)", "d": "0.00 (+0.50)", "e": "–",
    }  # fmt: skip


def test_latex_has_our_best_in_bold_and_says_how_far_the_papers_are(comparison: pd.DataFrame) -> None:
    of_noise = comparison[comparison["condition"] == "gaussian"]
    spearman, kendall = map(sheet_latex, published_sheets(of_noise, "5\\,\\% of cells."))
    assert r"\caption{Spearman. 5\,\% of cells. In brackets" in spearman
    assert r"\caption{Kendall $\tau_b$. 5" in kendall
    rows = {line.split(" & ")[0]: line for line in spearman.splitlines() if " & " in line}
    assert r"\textbf{0.74} {\scriptsize [0.70, 0.80]} & 0.77 ($-$0.03) &" in rows["params"]
    assert r"& $-$0.20 {\scriptsize [$-$0.30, $-$0.10]} & 0.90 ($-$1.10)$^*$ &" in rows["swap"]
    assert rows["params"].endswith(r"& [1] \\")
    assert "interval. [1] Krishnakumar et al. 2022 (NAS-Bench-Suite-Zero)" in spearman
    assert spearman.count("textbf") == len(DATASETS)
    lines = spearman.splitlines()
    assert lines[lines.index(rows["params"]) - 1] == r"\midrule", "a line stands above the baselines"


def test_text_says_what_the_star_means_and_leaves_the_sources_out_where_it_is_narrow(comparison: pd.DataFrame) -> None:
    sheets = published_sheets(comparison[comparison["condition"] == "gaussian"])
    for sheet in sheets:
        narrow, wide = sheet_text(sheet, 120), sheet_text(sheet, 300)
        for text in (narrow, wide):
            assert "published (ours less it), * where it lies outside our interval" in text
            assert text.count("nwot") == 1
        assert " et al. 20" in wide
        assert " et al. 20" not in narrow
        assert narrow.endswith("Left out at this width: source.")


def test_the_figure_shows_every_proxy_and_every_published_number(comparison: pd.DataFrame) -> None:
    figure = beside_published(BesidePublished(comparison, zero_cost_nas.STUDY.words))
    assert [panel.get_title(loc="left") for panel in figure.axes] == ["CIFAR-10", "CIFAR-100", "ImageNet16-120"]
    panel = figure.axes[0]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["swap", "nwot", "params"]
    diamonds = next(line for line in panel.get_lines() if line.get_marker() == "D" and len(line.get_xdata()))
    assert sorted(np.asarray(diamonds.get_xdata())) == [0.77, 0.80, 0.90]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()][-1] == "published"


def test_a_proxy_without_a_first_coefficient_stands_by_its_first_one() -> None:
    nan = (math.nan,) * 3
    first, second, third = DATASETS
    frames = {
        first: ranking(low=(0.1, 0.0, 0.2), late=nan, never=nan, high=(0.9, 0.8, 1.0), noise=nan),
        second: ranking(low=(0.8, 0.7, 0.9), late=(0.5, 0.4, 0.6), never=nan, high=nan, noise=nan),
        third: ranking(late=(0.95, 0.9, 1.0)),
    }
    images = ours_and_published(frames, []).assign(condition="cifar10")
    noise = ours_and_published({first: ranking(noise=(0.3, 0.2, 0.4))}, []).assign(condition="gaussian")
    both = pd.concat([noise, images], ignore_index=True)
    figure = beside_published(BesidePublished(both, zero_cost_nas.STUDY.words))
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["low", "noise", "late", "high"]
    dots = [line for line in figure.axes[1].get_lines() if line.get_marker() == "o" and line.get_linestyle() == "None"]
    assert sorted(float(value) for line in dots for value in np.asarray(line.get_xdata())) == [0.5, 0.8]


def test_a_comparison_without_numbers_is_refused() -> None:
    frame = ours_and_published({COLUMN: ranking(a=(math.nan,) * 3)}, []).assign(condition="gaussian")
    with pytest.raises(ScoresError, match="no Spearman coefficient"):
        beside_published(BesidePublished(frame, zero_cost_nas.STUDY.words))
    assert "| `a` | 10 | – |" in sheet_markdown(published_sheets(frame)[0])
    with pytest.raises(ScoresError, match="the comparison holds no rows"):
        published_sheets(frame[:0])


def small_setting(condition: kinds.Condition, seed: int) -> Setting:
    return Setting(**{**condition.changes, "seed": seed}, batch_size=8, width=4, depth=1, image_size=8)


def run_small(out: Path, monkeypatch: pytest.MonkeyPatch, said: list[str], **changes: Any) -> None:
    monkeypatch.setattr(kinds.Condition, "setting", small_setting)
    given = {"sample": 6, "workers": 1, "table": "analognasbench", **changes}
    make(zero_cost_nas.STUDY, StudyOptions(out, said.append, **given))


@pytest.mark.slow
def test_without_images_and_the_release_it_says_so_and_does_what_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    run_small(tmp_path, monkeypatch, said)
    assert "no CIFAR-10 here" in said[0]
    names = {path.name for path in tmp_path.iterdir()}
    assert {"scores_gaussian.csv.gz", "ranking_gaussian_cifar10.csv", "comparison.csv", "tables.md"} <= names
    assert {"comparison.png", "comparison.svg", "study.json", "ranking_gaussian_cifar10.tex"} <= names
    facts = json.loads((tmp_path / "study.json").read_text())
    assert facts["command"] is None, "called from Python"
    assert facts["columns"] == [COLUMN]
    assert facts["sample"] == 6
    scores = pd.read_csv(tmp_path / "scores_gaussian.csv.gz", float_precision="round_trip")
    assert set(scores["proxy"]) == {entry.name for entry in list_proxies() if not entry.exhaustive}
    again = rank_study.rank(scores, benchmarks.open_table("analognasbench"), [COLUMN])[COLUMN].frame
    written = pd.read_csv(tmp_path / "ranking_gaussian_cifar10.csv")
    pd.testing.assert_frame_equal(again, written, check_dtype=False, rtol=1e-9)


def test_a_folder_that_is_not_cifar_is_refused_before_anything_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingError, match="no data_batch"):
        run_small(tmp_path / "out", monkeypatch, [], data=tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["out", "store"])
def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_scored(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(samples, "run", lambda *_, **__: pytest.fail("something was scored"))
    folders = {"out": tmp_path / "out", "store": tmp_path, option: tmp_path / "file" / "below"}
    with pytest.raises(SettingError, match=f"--{option} .*below: cannot make that folder: Not a directory"):
        run_small(folders["out"], monkeypatch, [], store=folders["store"] / "scores.sqlite")


def test_from_the_command_line_the_record_is_the_command_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nasinit: Callable[..., Any]
) -> None:
    """Into folders that are not there yet, the store's with a blank in its name."""
    monkeypatch.delenv("NASINIT_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(kinds.Condition, "setting", small_setting)
    monkeypatch.setattr(rank_study, "resolve", lambda names: resolve(["params", "flops"]))
    out, store = tmp_path / "new" / "out", tmp_path / "a store" / "scores.sqlite"
    given = ["study", "zero-cost-nas", "--sample", "4", "--workers", "1", "--out", str(out), "--store", str(store)]
    ended = nasinit(*given)
    assert ended.code == 0, ended.err
    assert json.loads((out / "study.json").read_text())["command"] == shlex.join(["nasinit", *given])
    assert store.is_file()


def test_a_table_without_the_accuracies_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "mine.csv"
    cells = "\n".join(f"{cell},{place}" for place, cell in enumerate(open_space("nasbench201").sample(3)))
    mine.write_text(f"architecture,latency\n{cells}\n")
    with pytest.raises(SettingError, match="cifar10_test_200ep_pct, cifar100"):
        run_small(tmp_path / "out", monkeypatch, [], table=str(mine))
