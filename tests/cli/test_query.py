"""`nasinit query` on a table of all cells, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.evaluation.searches.table_searches import table_searches
from tests.sampling import one_in

Run = Callable[..., Any]
VALID, TEST = "cifar10_valid_12ep_pct", "cifar10_test_200ep_pct"


@pytest.fixture(autouse=True)
def _no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NASINIT_DATA", raising=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of all 15,625 cells."""
    generator = np.random.default_rng(0)
    keys = [str(cell) for cell in harness.open_space("nasbench201")]
    frame = pd.DataFrame({"architecture": keys})
    frame[VALID] = generator.uniform(20, 90, len(keys)).round(2)
    frame[TEST] = frame[VALID] / 2 + generator.uniform(0, 40, len(keys)).round(2)
    path = tmp_path_factory.mktemp("whole") / "whole.csv"
    frame.to_csv(path, index=False)
    return path


def test_one_search_prints_and_writes_what_the_study_finds(nasinit: Run, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "searches.csv"
    options = ("--table", whole, "--runs", 4, "--seed", 3, "--budget-seconds", 2000, "--out", out)
    ended = nasinit("query", "random_search", *options)
    assert (ended.code, ended.err) == (0, "")
    expected = table_searches(
        harness.evaluation.open_table(whole), ["random_search"], runs=4, seed=3, budget_seconds=2000.0
    ).frame
    found = pd.read_csv(out)
    assert found[f"{TEST}_mean"].tolist() == expected[f"{TEST}_mean"].tolist()
    assert f"{expected[f'{TEST}_mean'][0]:.2f} ± {expected[f'{TEST}_std'][0]:.2f}" in ended.out
    assert "RS, published" in ended.out
    assert "93.70 ± 0.36" in ended.out
    assert "4 runs of each search, 2,000 s a run, seed 3" in ended.out
    assert "seconds modelled from multiply-adds" in ended.out
    assert f"wrote {out}" in ended.out


@pytest.mark.slow
def test_seconds_of_a_table_are_paid_and_said(nasinit: Run, whole: Path, tmp_path: Path) -> None:
    keys = [str(cell) for cell in harness.open_space("nasbench201")]
    path = tmp_path / "nasbench201_12epochs_seconds.csv"
    pd.DataFrame({"arch": keys, "cost_seconds": 500.0}).to_csv(path, index=False)
    options = ("--table", whole, "--runs", 2, "--budget-seconds", 2100, "--out", tmp_path / "paid.csv")
    for given, said in (
        (path, "seconds of training as nasbench201-seconds has them"),
        ("modelled", "seconds modelled"),
    ):
        ended = nasinit("query", "random_search", *options, "--seconds", given)
        assert (ended.code, ended.err) == (0, "")
        assert said in ended.out
        queries = pd.read_csv(tmp_path / "paid.csv")["queries"][0]
        assert queries == 4 if given is path else queries > 10
    ended = nasinit("query", "random_search", *options, "--seconds", "modeled")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "unknown table 'modeled'" in ended.err


def test_all_by_the_size_of_the_networks(nasinit: Run, whole: Path) -> None:
    ended = nasinit("query", "all", "--table", whole, "--runs", 2, "--budget-seconds", 500, "--proxy", "params")
    assert (ended.code, ended.err) == (0, "")
    for name in ("random", "optimal_of_100", "regularised_evolution", "best_of_1000", "warmed_evolution"):
        assert f"\n{name} " in ended.out
    assert "left out: hnas: it needs metric and condition by cell" in ended.out
    assert "left out: seminas: a run takes about 10 s of computing: name it to run it" in ended.out
    assert "15,625 of 15,625 cells have a score of params" in ended.out


def test_scores_of_a_store_guide(nasinit: Run, whole: Path, store: Path) -> None:
    ended = nasinit("query", "best_of_100", "--table", whole, "--runs", 5, "--scores", store, "--proxy", "flops")
    assert (ended.code, ended.err) == (0, "")
    assert "scores: " in ended.out
    assert "12 of 15,625 cells have a score of flops; these are drawn from" in ended.out


@pytest.mark.slow
def test_metrics_are_combined(nasinit: Run, whole: Path, store: Path) -> None:
    metrics = ("--metrics", "flops, params")
    ended = nasinit("query", "robot", "--table", whole, "--runs", 2, *metrics)
    assert (ended.code, ended.err) == (0, "")
    assert "15,625 of 15,625 cells have a score of flops, params" in ended.out
    ended = nasinit("query", "robot", "--table", whole, "--runs", 2, "--scores", store, *metrics)
    assert (ended.code, ended.err) == (0, "")
    assert "\nrobot " in ended.out


@pytest.mark.parametrize(("searches", "unloaded"), [(["random_search"], {"torch", "sklearn"}), (["all"], {"torch"})])
def test_a_query_loads_no_torch_and_unguided_no_sklearn(searches: list[str], unloaded: set[str], whole: Path) -> None:
    options = [*searches, "--table", str(whole), "--runs", "1", "--budget-seconds", "300"]
    program = f"import sys; sys.argv = ['nasinit', 'query', *{options!r}]\nfrom harness.cli import main\ntry: main()\n"
    program += "finally: print('loaded', *sorted({name.partition('.')[0] for name in sys.modules}))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "1 run of each search" in ended.stdout
    assert not unloaded & set(ended.stdout.splitlines()[-1].split())


def test_the_packaged_table_has_no_validation_accuracies_and_says_so(nasinit: Run) -> None:
    ended = nasinit("query", "random_search", "--runs", 2)
    assert (ended.code, ended.err) == (0, "")
    assert "ask for the test accuracy itself" in ended.out


REFUSED = [
    (("evolutoin",), "unknown search 'evolutoin'. Did you mean"),
    (("hnas",), "hnas cannot run: it needs metric and condition by cell"),
    (("best_of_10",), "best_of_10 cannot run: it needs scores by cell"),
    (("random_search", "--runs", 0), "--runs must be at least 1, got 0"),
    (("largest", "--queries", 0), "--queries must be at least 1, got 0"),
    (("random_search", "--queries", 9), "queries limits hnas, robot, largest, seminas, nao, graf_forest; random_"),
    (("random_search", "--budget-seconds", 0), "a budget must be more than 0 seconds and finite, got 0"),
    (("random_search", "--budget-seconds", "inf"), "a budget must be more than 0 seconds and finite, got inf"),
    (("random_search", "--run", 1), "--run without --scores: give --scores too"),
    (("hnas", "--metric", "m_grad"), "--metric without --scores: give --scores too"),
    (("all", "random_serch"), "unknown search 'random_serch'. Did you mean 'random_search'?"),
    (("random_search", "--column", "cifar10_valid_12ep_pc"), "unknown column 'cifar10_valid_12ep_pc'"),
    (("best_of_10", "--proxy", "nwto"), "unknown proxy of the scores 'nwto'"),
    (("robot",), "robot cannot run: it needs metrics by cell: give --scores"),
    (("robot", "--metrics", "params,snop"), "unknown metric of the scores 'snop'"),
    (("robot", "--metrics", ","), "no names in ','"),
    (("best_of_10", "--scores", "absent.csv"), "no scores at absent.csv"),
    (("random_search", "--out", "searches.txt"), "a CSV file is written as .csv; got 'searches.txt'"),
]


@pytest.mark.parametrize(
    ("arguments", "message"),
    one_in(2, [pytest.param(*each) for each in REFUSED]),
)
def test_bad_input_is_one_message(nasinit: Run, whole: Path, arguments: tuple[object, ...], message: str) -> None:
    ended = nasinit("query", *arguments, "--table", whole)
    assert ended.code == 2
    assert ended.err.startswith("nasinit: ")
    assert message in ended.err
    assert ended.err.count("\n") == 1


def test_a_table_of_another_space_is_refused(nasinit: Run) -> None:
    ended = nasinit("query", "random_search", "--table", "darts-published")
    assert ended.code == 2
    assert ended.err == (
        "nasinit: darts-published is of the space darts: searches query tables of nasbench201, natsbench-sizes, "
        "transnas-micro, nasbench-graph; the space darts does not state its architectures as choices\n"
    )
