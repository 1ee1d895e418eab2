"""`nasinit query --space agnn`: searches whose networks are trained, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., Any]
SMALL = ("--space", "agnn", "--data", "noise", "--queries", 3, "--epochs", 2)


def test_networks_are_trained_and_a_folder_goes_on(nasinit: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    folder, out = tmp_path / "trainings", tmp_path / "queries.csv"
    ended = nasinit("query", "agnn", *SMALL, "--share", "--trainings", folder, "--out", out)
    assert ended.code == 0, ended.err
    assert (
        "noise: 256 nodes, 153 of them train and 51 validate; 3 queries a run, 2 epochs each, 10 where weights are "
        "inherited"
    ) in ended.out
    assert "No test node was looked at." in " ".join(ended.out.split())
    frame = pd.read_csv(out)
    assert frame["query"].tolist() == [0, 1, 2]
    best = frame.loc[frame["validation_pct"].idxmax()]
    assert f"{best['validation_pct']:.2f}" in ended.out
    assert best["architecture"] in ended.out
    again = nasinit("query", "agnn", "random_search", *SMALL, "--trainings", folder)
    assert again.code == 0, again.err
    assert [line.split()[0] for line in again.out.splitlines() if " ||" in line or "||" in line] == [
        "agnn", "random_search",
    ]  # fmt: skip
    assert len(pd.read_csv(folder / "queries.csv")) == 9


def test_a_search_that_is_named_twice_runs_once_and_all_are_all_that_can(nasinit: Run) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    from harness.training.node_search import node_searches

    few = (*SMALL[:-3], 1, "--epochs", 1)
    twice = nasinit("query", "agnn", "agnn", *few)
    assert [line.split()[0] for line in twice.out.splitlines() if "||" in line] == ["agnn"]
    every = nasinit("query", "all", *few)
    assert every.code == 0, every.err
    assert [line.split()[0] for line in every.out.splitlines() if "||" in line] == node_searches()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("agnn", "--space", "sane"), "unknown space whose networks are trained by a search 'sane'. Known: agnn"),
        (("agnn", "--data", "cora"), "--data without --space: give --space too, or leave --data out"),
        (("agnn", "--share"), "--share without --space: give --space too, or leave --share out"),
        (("agnn", *SMALL, "--table", "x"), "--table has no effect beside --space"),
        (("agnn", *SMALL, "--budget-seconds", 5), "--budget-seconds has no effect beside --space"),
        (("hnas", *SMALL), "unknown search that trains its networks 'hnas'"),
        (("graphnas", *SMALL, "--share"), "graphnas shares no weights"),
        (("agnn", *SMALL, "--runs", 0), "--runs must be at least 1, got 0"),
        (("agnn", *SMALL, "--epochs", 0), "epochs must be a whole number from 1, got 0"),
        (("agnn", *SMALL[:2], "--data", "pubmed"), "graphs with a public split are cora and citeseer, or a file"),
        (("agnn", *SMALL[:2], "--data", "no.npz"), "the graph no.npz is not here"),
    ],
)
def test_what_is_refused(refuse: Callable[..., str], arguments: tuple[Any, ...], message: str) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    assert message in refuse("query", *arguments)
