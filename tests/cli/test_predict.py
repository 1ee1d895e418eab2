"""`nasinit predict`: what it prints and writes, and bad input in a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., Any]


@pytest.mark.slow
def test_learning_curves_are_printed_and_written(nasinit: Run, tmp_path: Path) -> None:
    csv, figure = tmp_path / "curves.csv", tmp_path / "curves.png"
    ended = nasinit("predict", "linear", "--samples", "20,40", "--draws", 2, "--csv", csv, "--out", figure)
    assert ended.code == 0
    assert "means over 2 draws" in ended.out
    assert "15,625 of 15,625 cells" in ended.out
    found = pd.read_csv(csv)
    assert found["samples"].tolist() == [20, 40]
    assert figure.stat().st_size > 0


def test_proxies_that_come_with_the_package_are_read(nasinit: Run) -> None:
    ended = nasinit("predict", "proxies_forest", "--samples", 30, "--draws", 1, "--proxies", "nwot,synflow")
    assert ended.code == 0
    assert "and the scores nwot, synflow" in " ".join(ended.out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("liner",), "unknown predictor 'liner'. Did you mean 'linear'"),
        (("linear", "--samples", "50;100"), "--samples takes whole numbers with commas, such as 50,100,200"),
        (("linear", "--samples", "99999"), "samples must be from 2 to 15,622"),
        (("linear", "--samples", "1"), "samples must be"),
        (("linear", "--draws", 0), "--draws must be at least 1, got 0"),
        (("linear", "--column", "cifar10_test_200ep_pc"), "unknown column"),
        (("linear", "--run", 1), "--run without --scores"),
        (("linear", "--proxies", "nwto"), "unknown proxy of the known scores 'nwto'"),
        (("linear", "--scores", "absent.csv"), "no scores at absent.csv"),
        (("linear", "--out", "curves.txt"), "curves.txt"),
        (("linear", "--table", "darts-random214", "--column", "test"), ""),
    ],
)
def test_bad_input_is_refused_in_a_line(
    arguments: tuple[object, ...], message: str, refused: Callable[..., str]
) -> None:
    assert message in refused("predict", *arguments)
