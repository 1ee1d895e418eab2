"""`nasinit plot heatmap`, and the LaTeX of `nasinit correlate`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness

COLUMN = "cifar10_test_200ep_pct"


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """Scores of 40 cells by two proxies."""
    generator = np.random.default_rng(0)
    cells = [str(cell) for cell in harness.open_space("nasbench201").sample(40)]
    rows = [(cell, name, generator.normal()) for name in ("nwot", "zen") for cell in cells]
    pd.DataFrame(rows, columns=["architecture", "proxy", "score"]).to_csv(tmp_path / "scores.csv", index=False)
    return tmp_path / "scores.csv"


def test_a_heat_map_is_drawn_of_the_named_proxies(nasinit: Callable[..., Any], scores: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.svg"
    ended = nasinit("plot", "heatmap", scores, "--proxy", "zen", "--proxy", "params", "--out", out)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-1] == f"wrote {out}"
    drawn = out.read_text()
    for name in ("zen", "params"):
        assert f">{name}<" in drawn, name
    assert ">nwot<" not in drawn
    wrong = nasinit("plot", "heatmap", scores, "--proxy", "zne", "--out", out)
    assert wrong.code == 2
    assert "Did you mean 'zen'" in wrong.err


def test_latex_takes_a_label_columns_and_a_width(nasinit: Callable[..., Any], scores: Path, tmp_path: Path) -> None:
    file = tmp_path / "r.tex"
    base = ("correlate", scores, "--resamples", 20, "--latex", file)
    assert nasinit(*base).code == 0
    plain = file.read_text()
    ended = nasinit(*base, "--latex-label", "tab:mine", "--latex-columns", "Spearman, n", "--top")
    assert ended.code == 0, ended.err
    chosen = file.read_text()
    assert r"\label{tab:mine}" in chosen
    assert "Spearman" in chosen
    assert "Kendall" in plain
    assert "Kendall" not in chosen
    assert r"\label{tab:mine}" not in (tmp_path / "r_top.tex").read_text()
    assert nasinit(*base, "--latex-narrow").code == 0
    assert r"\footnotesize" in file.read_text()
    assert r"\footnotesize" not in plain


def test_an_unknown_proxy_is_refused_before_the_bootstrap(nasinit: Callable[..., Any], scores: Path) -> None:
    for options in (("plot", "scatter", scores, "--proxy", "zne"), ("correlate", scores, "--against", "zne")):
        ended = nasinit(*options)
        assert ended.code == 2
        assert "unknown proxy of these scores 'zne'. Did you mean 'zen'?" in ended.err
        assert ended.out.count("\n") == 1, "the scores were read, and no table was opened"


def test_labels_of_several_columns_differ(nasinit: Callable[..., Any], scores: Path, tmp_path: Path) -> None:
    columns = (COLUMN, "cifar10_test_200ep_noisy_pct")
    given = [word for name in columns for word in ("--column", name)]
    file = tmp_path / "r.tex"
    ended = nasinit("correlate", scores, *given, "--resamples", 20, "--latex", file, "--latex-label", "tab:mine")
    assert ended.code == 0, ended.err
    for name in columns:
        assert rf"\label{{tab:mine_{name}}}" in (tmp_path / f"r_{name}.tex").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--latex-label", "x"], "--latex-label without --latex"),
        (["--latex-columns", "Spearman"], "--latex-columns without --latex"),
        (["--latex-narrow"], "--latex-narrow without --latex"),
        (["--latex", "r.tex", "--latex-columns", "Spearmann"], "Did you mean 'Spearman'"),
        (["--latex", "r.tex", "--latex-label", "a}b%"], "a LaTeX label has letters, digits"),
        (["--latex", "r.tex", "--latex-columns", ","], "no names in ','"),
    ],
)
def test_bad_latex_options_are_named(
    nasinit: Callable[..., Any], scores: Path, options: list[str], message: str
) -> None:
    ended = nasinit("correlate", scores, "--resamples", 20, *options)
    assert (ended.code, ended.out) == (2, ""), "refused before the scores are read"
    assert message in ended.err


def test_score_says_where_the_scores_are(
    nasinit: Callable[..., Any], tiny: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = nasinit("score", "--sample", 2, "--proxies", "params", *tiny)
    assert ended.code == 0, ended.err
    assert "scores in scores.sqlite" in ended.out.splitlines()
    assert (tmp_path / "scores.sqlite").is_file()
