"""Several seeds on the command line: one sample of cells, one store, tables over seeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.cli.options import seeds
from harness.errors import SettingError

Run = Callable[..., Any]
SPACE = harness.open_space("nasbench201")


@pytest.fixture(scope="module")
def scored(nasinit: Run, tiny: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A store and a CSV of twelve cells under three seeds, and what the command printed."""
    folder = tmp_path_factory.mktemp("seeds")
    store, out = folder / "scores.sqlite", folder / "scores.csv"
    ended = nasinit(
        "score",
        "--sample",
        12,
        "--seeds",
        "0-1,5",
        "--proxies",
        "l2_norm,params",
        "--store",
        store,
        "--out",
        out,
        *tiny,
    )
    assert ended.code == 0, ended.err
    return store, out, ended.out


def test_one_sample_is_scored_under_every_seed(scored: tuple[Path, Path, str]) -> None:
    _, out, printed = scored
    frame = pd.read_csv(out)
    assert list(frame.columns) == [
        "architecture",
        "proxy",
        "seed",
        "score",
        "status",
        "seconds",
        "standard_error",
        "message",
    ]
    for seed in (0, 1, 5):
        own = frame[(frame["seed"] == seed) & (frame["proxy"] == "l2_norm")]
        assert own["architecture"].tolist() == [str(cell) for cell in SPACE.sample(12, 0)]
    assert frame[frame["proxy"] == "l2_norm"].groupby("architecture")["score"].nunique().max() == 3
    assert "seeds 0, 1, 5; store" in printed


@pytest.mark.parametrize(("options", "drawn_with"), [
    (("--seed", 2), 0), (("--seed", 2, "--sample-seed", 7), 7), (("--seeds", "2,3"), 0),
    (("--seeds", "2", "--sample-seed", 2), 2),
])  # fmt: skip
def test_which_seed_draws_the_sample(
    options: tuple[object, ...], drawn_with: int, nasinit: Run, tiny: tuple[str, ...], tmp_path: Path
) -> None:
    store = tmp_path / "s.sqlite"
    assert nasinit("score", "--sample", 2, *options, "--proxies", "params", "--store", store, *tiny).code == 0
    with harness.Store(store, readonly=True) as opened:
        assert list(opened.runs()[-1].scored_as) == [str(cell) for cell in SPACE.sample(2, drawn_with)]


def test_rankings_figures_and_page_are_over_the_seeds(
    scored: tuple[Path, Path, str], table: Path, nasinit: Run, tmp_path: Path
) -> None:
    by = ("--table", table, "--resamples", 20)
    for scores in scored[:2]:
        ended = nasinit(
            "correlate", scores, *by, "--markdown", tmp_path / "m.md", "--csv", tmp_path / "r.csv", "--latex",
            tmp_path / "l.tex", "--top", "--against", "params",
        )  # fmt: skip
        assert ended.code == 0, ended.err
        assert "Over 3 seeds (0, 1, 5)" in ended.out
        assert " ± " in ended.out
        frame = pd.read_csv(tmp_path / "r.csv")
        assert frame["seeds"].tolist() == [3, 3, 1], "flops is computed here, and needs no seed"
        assert frame.loc[0, "spearman_std"] > 0
        assert "Over 3 seeds" in (tmp_path / "m.md").read_text(encoding="utf-8")
        assert "over 3 seeds" in (tmp_path / "l.tex").read_text(encoding="utf-8")
    page = tmp_path / "page.html"
    assert nasinit("report", scored[0], *by, "--out", page).code == 0
    assert "Over 3 seeds (0, 1, 5)" in page.read_text(encoding="utf-8")
    assert nasinit("plot", "scatter", scored[0], *by, "--out", tmp_path / "s.svg").code == 0
    columns = ("--x", "cifar100_test_200ep_pct", "--y", "cifar10_test_200ep_pct")
    figure = ("--out", tmp_path / "p.svg")
    assert nasinit("plot", "pareto", scored[0], "--table", table, *columns, *figure).code == 0
    assert "means over 3 seeds" in " ".join((tmp_path / "s.svg").read_text(encoding="utf-8").split())


def test_stability_takes_each_seed_as_a_setting(scored: tuple[Path, Path, str], nasinit: Run) -> None:
    ended = nasinit("stability", scored[0], "--resamples", 20, "--proxy", "l2_norm")
    assert ended.code == 0, ended.err
    assert "scores, seed 5" in ended.out


def test_seeds_in_text() -> None:
    assert seeds("0-4") == [0, 1, 2, 3, 4]
    assert seeds(" 0, 3 ,7-8 ") == [0, 3, 7, 8]
    for text in ("a", "1-", "-1", "3-1", "0-100000", "1.5", "²", "1--3"):
        with pytest.raises(SettingError, match="--seeds"):
            seeds(text)


def test_seed_and_seeds_are_not_given_together(refused: Run, tiny: tuple[str, ...]) -> None:
    said = refused("score", "--sample", 2, "--seed", 1, "--seeds", "0-4", *tiny)
    assert "not both" in said
