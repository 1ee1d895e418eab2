"""`nasinit search darts --space sane`: a search on a graph, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.search.gradient import loop

pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")


def test_a_search_on_a_graph_is_written(
    nasinit: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "accuracy_on_graph", lambda step: 50.0)  # two epochs teach too little
    options = ("--space", "sane", "--data", "noise", "--epochs", 2, "--width", 8)
    ended = nasinit("search", "darts", *options, "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert "in sane on the graph noise, 256 nodes, of which 153 nodes train weights and 51 choose" in ended.out
    assert "the preset paper is not as published: values and epochs are those of the authors' code" in ended.out
    text = (tmp_path / "out" / "architecture.txt").read_text().strip()
    assert str(harness.open_space("sane").parse(text)) == text
    assert "validation_accuracy_pct" in (tmp_path / "out" / "log.csv").read_text().splitlines()[0]
    assert json.loads((tmp_path / "out" / "setting.json").read_text())["setting"]["init"] == "kaiming_fan_in"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("darts", "--data", "nowhere/cora.npz"), "--data: the graph nowhere/cora.npz is not here"),
        (("darts", "--data", "digits"), "--data: SANE's graphs are cora and citeseer, or a file"),
        (("darts",), "the data set cora is not here: no cora.npz in"),
        (
            ("darts", "--data", "noise", "--batch-size", 8),
            "batch_size has no effect in sane: a step is on the whole graph",
        ),
        (("darts", "--data", "noise", "--width", 12), "hidden must be a multiple of 8, the heads of attention; got 12"),
        (("nasi", "--data", "noise"), "nasi cannot search sane: it is for batches of images"),
    ],
)
def test_what_it_cannot_search_is_one_line(
    nasinit: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[Any, ...], message: str
) -> None:
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    refused = nasinit("search", *options, "--space", "sane", "--out", tmp_path / "out")
    assert (refused.code, message in refused.err) == (2, True), refused.err
    assert refused.err.count("\n") == 1
