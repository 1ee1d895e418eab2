"""The commands on a space of somebody else, a toy of graph networks with errors for values: figures, page and all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness.spaces
from tests.spaces.toy_graphs import ToyGraphs

Run = Callable[..., Any]
SPACE = ToyGraphs()
STACKS = [str(stack) for stack in SPACE]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path, Path]:
    """Two files of scores, and a table of errors."""
    monkeypatch.setattr(harness.spaces, "_registered", {SPACE.name: SPACE})
    generator = np.random.default_rng(0)
    errors = generator.uniform(1, 9, size=(2, len(STACKS)))
    pd.DataFrame({"architecture": STACKS, "test_mse": errors[0], "valid_mse": errors[1]}).to_csv(
        tmp_path / "errors.csv", index=False
    )
    for name in ("noise", "images"):
        parts = [
            pd.DataFrame({"architecture": STACKS, "proxy": proxy, "score": -errors[0] + generator.normal(size=27)})
            for proxy in ("close", "closer")
        ]
        pd.concat(parts).to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path / "noise.csv", tmp_path / "images.csv", tmp_path / "errors.csv"


@pytest.mark.slow
def test_every_table_figure_and_page_is_made(nasinit: Run, files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    noise, images, errors = files
    by_error = ("--table", errors, "--column", "test_mse", "--resamples", 20)
    for words, shown in (
        (("correlate", noise, *by_error, "--against", "close", "--top", "--beyond-size"), "Beyond size"),
        (("plot", "scatter", noise, *by_error, "--out", tmp_path / "s.svg"), "wrote"),
        (("plot", "critical-difference", noise, *by_error, "--against", "close", "--out", tmp_path / "c.svg"), "wrote"),
        (("plot", "pareto", noise, "--table", errors, "--x", "valid_mse", "--y", "test_mse", "--out",
          tmp_path / "p.svg"), "wrote"),
        (("stability", noise, images, "--resamples", 20), "closer"),
        (("transfer", noise, images, *by_error, "--column", "valid_mse"), "valid_mse"),
        (("report", noise, *by_error, "--out", tmp_path / "page.html"), "wrote"),
        (("draw", STACKS[0], "--out", tmp_path / "d.svg"), "wrote"),
    ):  # fmt: skip
        ended = nasinit(*words)
        assert ended.code == 0, (words, ended.err)
        assert shown in ended.out, words
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "test_mse" in text
    assert "closer" in text
    ended = nasinit("search", "darts", "--space", SPACE.name)
    assert (ended.code, ended.err) == (
        2, "nasinit: the space toy-graphs has no supernet: no gradient-based search runs on it\n"
    )  # fmt: skip
    ended = nasinit("query", "random_search", "--table", errors)
    assert (ended.code, "has no test accuracy of all cells" in ended.err) == (2, True)
