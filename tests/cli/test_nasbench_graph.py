"""The commands on NAS-Bench-Graph: a sample scored and ranked by a table of the package, drawn, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
SMALL = ("--batch-size", 4, "--size", "nodes=20", "--size", "features=5", "--size", "hidden=4")
SPACE = ("--space", "nasbench-graph")


@pytest.mark.slow
def test_a_sample_is_scored_and_ranked_by_the_table_of_a_data_set(nasinit: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    pytest.importorskip("nas_bench_graph.architecture", reason="nas-bench-graph is not installed")
    store = tmp_path / "s.sqlite"
    proxies = ("--proxies", "grad_norm,params,flops")
    ended = nasinit("score", *SPACE, "--sample", 6, *proxies, *SMALL, "--store", store)
    assert ended.code == 0, ended.err
    assert "nodes 20, features 5, hidden 4" in ended.out
    ended = nasinit(
        "correlate", store, "--table", "nasbench-graph-cora", "--column", "cora_test_pct", "--resamples", 20
    )
    assert ended.code == 0, ended.err
    assert "grad_norm" in ended.out
    ended = nasinit("correlate", store, "--table", "nasbench-graph-cora")
    assert ended.code == 2
    assert ended.err == (
        "nasinit: give --column, a column of these tables of the space nasbench-graph:\n"
        "    nasbench-graph-cora: cora_test_pct, cora_valid_pct, cora_params_m, cora_latency_ms\n"
    )


def test_an_architecture_is_drawn_by_its_text_and_by_its_number(nasinit: Run, tmp_path: Path) -> None:
    assert nasinit("draw", "0123:skip:skip:gcn:gcn", "--out", tmp_path / "a.svg").code == 0
    assert nasinit("draw", "88811", *SPACE, "--out", tmp_path / "b.svg").code == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_what_the_commands_refuse(refuse: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    common = ("score", *SPACE, "--sample", 2, "--proxies", "params", "--store", tmp_path / "s.sqlite")
    for words, why in (
        (("--input", "pubmed"), "unknown input 'pubmed'. Known: citeseer, computers, cora"),
        (("--input", "cora"), f"the data set cora is not here: no cora.npz in {tmp_path}"),
        (("--width", 8), "unknown size of this space's networks 'width'"),
        (("--size", "hidden=5"), "hidden must be even, for the two heads of gat, got 5"),
        (("--batch-size", 300), "batch_size 300 is more than the 256 nodes with targets"),
        (("--batch-size", 1), "batch_size must be a whole number from 2, got 1"),
    ):
        assert why in refuse(*common, *words)
    assert "four skips are no network: at least one operation must not be skip" in refuse("draw", "88888", *SPACE)
    assert "the space nasbench-graph has no supernet" in refuse("search", "darts", *SPACE)


@pytest.mark.slow
def test_searches_query_a_table_by_their_number_of_queries(nasinit: Run, refuse: Callable[..., str]) -> None:
    pytest.importorskip("nas_bench_graph.architecture", reason="nas-bench-graph is not installed")
    common = ("query", "agnn", "random_search", "--table", "nasbench-graph-cora", "--runs", 2)
    ended = nasinit(*common, "--queries", 6)
    assert ended.code == 0, ended.err
    assert "2 runs of each search, 6 queries a run, seed 0" in ended.out
    assert "24 of 157,464 encodings are no architecture: they are answered with 0" in ended.out
    assert [line.split()[-2:] for line in ended.out.splitlines()[-3:-1]] == [["–", "6.0"]] * 2
    said = refuse(*common, "--budget-seconds", 5)
    assert "nasbench-graph-cora does not say how long its trainings take: give queries, no budget_seconds" in said
    assert "radars cannot run: it needs as many operations on every edge" in refuse("query", "radars", *common[3:])
