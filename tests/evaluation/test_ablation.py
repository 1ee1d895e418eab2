"""Every setting against a base over frames. Oracle: scipy on the same scores."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import Column, Facts, Table, TableError
from harness.errors import HarnessError, ScoresError
from harness.evaluation.ablation import Ablation, ablate
from harness.report.figures.loss_and_saving import loss_and_saving
from harness.report.tables.ablation import agreement_sheet, by_setting, change_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.spaces import open_space
from harness.stats import holm

SPACE = open_space("nasbench201")
KEYS = [SPACE.key(cell) for cell in SPACE.sample(25, seed=4)]
COLUMN = "cifar10_test_200ep_pct"
WORDS = {"tiny": "width 4", "gone": "not there", "small": "width 8"}
SERIES = {"width": [("small", "8"), ("tiny", "4")], "depth": [("shallow", "1")]}


def frame_of(seconds: float | None = 1.0, **scores: np.ndarray) -> pd.DataFrame:
    rows = [pd.DataFrame({"architecture": KEYS, "proxy": name, "score": row}) for name, row in scores.items()]
    frame = pd.concat(rows, ignore_index=True)
    return frame if seconds is None else frame.assign(seconds=seconds * (1 + np.arange(len(frame)) % 7))


@pytest.fixture(scope="module")
def accuracies() -> np.ndarray:
    return np.random.default_rng(1).uniform(50, 95, size=25).round(2)


@pytest.fixture(scope="module")
def table(accuracies: np.ndarray) -> Table:
    facts = Facts("made", "nasbench201", "Made", "nowhere", "none", None, None, None, "")
    return Table(KEYS, [Column(COLUMN, "cifar10", "test", 200, "pct", "mean", "made here")], [accuracies], facts)


@pytest.fixture(scope="module")
def frames(accuracies: np.ndarray) -> dict[str, pd.DataFrame]:
    generator = np.random.default_rng(0)
    mine = accuracies + generator.normal(0, 20, size=(3, 25))
    mine[1, 4] = math.nan
    size, flat = np.arange(25.0), np.ones(25)
    return {
        "base": frame_of(params=size, mine=mine[0], flat=flat).assign(
            seconds=lambda frame: frame["seconds"].where(frame["proxy"] != "params", 1e-6)
        ),
        "small": frame_of(0.25, params=size, mine=mine[1], flat=flat).sample(frac=1, random_state=0),
        "tiny": frame_of(None, mine=mine[2], other=flat),
    }


@pytest.fixture(scope="module")
def found(frames: dict[str, pd.DataFrame], table: Table) -> Ablation:
    return ablate(frames, table, COLUMN, base="base", resamples=60)


def test_coefficients_are_scipys_over_the_architectures_of_both(
    found: Ablation, frames: dict[str, pd.DataFrame], accuracies: np.ndarray
) -> None:
    rows = found.frame.set_index(["proxy", "setting"])
    assert list(rows.index) == [("params", "small"), ("mine", "small"), ("mine", "tiny"), ("flat", "small")]
    scores = {
        label: frame[frame["proxy"] == "mine"].set_index("architecture").loc[KEYS, "score"].to_numpy()
        for label, frame in frames.items()
    }
    for label, count in (("small", 24), ("tiny", 25)):
        row, there = rows.loc[("mine", label)], np.isfinite(scores[label])
        assert row["n"] == count
        before, after, values = scores["base"][there], scores[label][there], accuracies[there]
        assert row["spearman"] == pytest.approx(stats.spearmanr(before, after).statistic, abs=1e-12)
        assert row["kendall_tau_b"] == pytest.approx(stats.kendalltau(before, after).statistic, abs=1e-12)
        assert row["ranking_base"] == pytest.approx(stats.spearmanr(before, values).statistic, abs=1e-12)
        assert row["ranking"] == pytest.approx(stats.spearmanr(after, values).statistic, abs=1e-12)
        assert row["difference_low"] < row["difference"] < row["difference_high"]
    assert rows.loc[("params", "small"), ["spearman", "difference", "p_holm"]].tolist() == [1, 0, 1]
    assert rows.loc[("flat", "small"), ["spearman", "ranking", "difference", "p_holm"]].isna().all()


def test_seconds_are_shares_of_the_same_architectures(found: Ablation) -> None:
    rows = found.frame.set_index(["proxy", "setting"])["seconds_ratio"]
    assert rows["mine", "small"] == pytest.approx(0.25)
    assert math.isnan(rows["mine", "tiny"]), "no seconds there"
    assert math.isnan(rows["params", "small"]), "a microsecond says nothing"


def test_p_values_are_corrected_over_all_rows(frames: dict[str, pd.DataFrame], table: Table) -> None:
    mine = {label: frame[frame["proxy"] == "mine"] for label, frame in frames.items()}
    alone = [
        ablate({"base": mine["base"], label: mine[label]}, table, COLUMN, base="base", resamples=60).frame["p_holm"]
        for label in ("small", "tiny")
    ]
    together = ablate(mine, table, COLUMN, base="base", resamples=60).frame
    assert together["p_holm"].tolist() == pytest.approx(holm(pd.concat(alone)).tolist())
    assert (together["p_holm"] > [float(p.iloc[0]) for p in alone]).any()


def test_refused(frames: dict[str, pd.DataFrame], table: Table) -> None:
    with pytest.raises(ScoresError, match=r"unknown setting 'bas'\. Did you mean 'base'"):
        ablate(frames, table, COLUMN, base="bas")
    with pytest.raises(ScoresError, match="at least 2 settings are needed; got 1"):
        ablate({"base": frames["base"]}, table, COLUMN, base="base")
    with pytest.raises(TableError, match="cifar10_test_200ep_pct"):
        ablate(frames, table, "cifar10_test_200ep", base="base")
    apart = {"base": frame_of(one=np.arange(25.0)), "x": frame_of(other=np.arange(25.0))}
    with pytest.raises(ScoresError, match="no proxy has scores under 'base' and under another setting"):
        ablate(apart, table, COLUMN, base="base")


def test_the_tables_put_the_baselines_last_and_a_dash_where_nothing_is_known(
    found: Ablation, frames: dict[str, pd.DataFrame], table: Table
) -> None:
    assert found.words == {"small": "small", "tiny": "tiny"}
    named = ablate(frames, table, COLUMN, base="base", words=WORDS, resamples=60)
    assert named.words == {"tiny": "width 4", "small": "width 8"}
    matrix = by_setting(named, "spearman").frame
    assert list(matrix.index) == ["mine", "flat", "params"]
    assert list(matrix.columns) == ["width 4", "width 8"]
    rows = sheet_markdown(agreement_sheet(named)).splitlines()
    assert rows[-1] == "| `params` | – | 1.00 |"
    last = sheet_markdown(change_sheet(named, "small")).splitlines()[-1]
    assert last.startswith("| `params` | 25 | 1.00 [1.00, 1.00] | 1.00 [1.00, 1.00] |")
    assert last.endswith("| 0.00 [0.00, 0.00] | – |")
    with pytest.raises(ScoresError, match="nothing to show"):
        by_setting(replace(found, words={}), "spearman")
    with pytest.raises(ScoresError, match=r"unknown coefficient of an ablation 'spearma'\. Did you mean 'spearman'"):
        by_setting(found, "spearma")
    with pytest.raises(ScoresError, match=r"unknown setting 'smal'\. Did you mean 'small'"):
        change_sheet(found, "smal")


def test_a_star_marks_what_the_correction_leaves(found: Ablation) -> None:
    told_apart, alike = (replace(found, frame=found.frame.assign(p_holm=p)) for p in (0.01, 0.06))
    assert "]* | × 0.25 |" in sheet_markdown(change_sheet(told_apart, "small"))
    assert "*" not in sheet_markdown(change_sheet(alike, "small")).replace("**", "")


def test_the_figure_has_a_panel_a_proxy_with_both_its_numbers(found: Ablation) -> None:
    figure = loss_and_saving(found, SERIES)
    assert [panel.get_title(loc="left") for panel in figure.axes if panel.axison] == ["mine"]
    width = figure.axes[0].get_lines()[2]
    row = found.frame.set_index(["proxy", "setting"]).loc[("mine", "small")]
    np.testing.assert_allclose(np.asarray(width.get_xydata()), [[1, 0], [row["seconds_ratio"], row["difference"]]])
    with pytest.raises(HarnessError, match="at most 2 series apart, got 3"):
        loss_and_saving(found, {**SERIES, "more": []})
    with pytest.raises(ScoresError, match="nothing to draw"):
        loss_and_saving(found, {"width": [("tiny", "4")]})
