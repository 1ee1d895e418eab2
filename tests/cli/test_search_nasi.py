"""`nasinit search nasi`: operations left out, the kind of bound, and the warning of a search that descends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

SMALL = (
    *("--width", 4, "--depth", 1, "--batch-size", 8, "--image-size", 8),
    *("--epochs", 1, "--steps-per-epoch", 3),
)


def setting_in(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "setting.json").read_text())["setting"]
    return found


def test_operations_are_left_out_or_put_back(nasinit: Callable[..., Any], tmp_path: Path) -> None:
    ended = nasinit("search", "nasi-ada", *SMALL, "--without", "none, avg_pool_3x3", "--out", tmp_path / "a")
    assert ended.code == 0, ended.err
    assert "without ('none',) -> ('none', 'avg_pool_3x3')" in ended.out
    assert setting_in(tmp_path / "a")["without"] == ["none", "avg_pool_3x3"]
    chosen = pd.read_csv(tmp_path / "a" / "log.csv")["architecture"]
    assert not chosen.str.contains("none|avg_pool").any()
    back = nasinit("search", "nasi-ada", *SMALL, "--without", "nothing", "--out", tmp_path / "b")
    assert back.code == 0, back.err
    assert setting_in(tmp_path / "b")["without"] == []
    assert "leaving `none` out is ours" in back.out


@pytest.mark.parametrize(
    ("method", "option", "adaptive"), [("nasi", "--adaptive", True), ("nasi-ada", "--fixed", False)]
)
def test_the_bound_is_fixed_or_adapts(
    nasinit: Callable[..., Any], tmp_path: Path, method: str, option: str, adaptive: bool
) -> None:
    ended = nasinit("search", method, *SMALL, option, "--out", tmp_path)
    assert ended.code == 0, ended.err
    assert f"adaptive {not adaptive} -> {adaptive}" in ended.out
    assert setting_in(tmp_path)["adaptive"] is adaptive


@pytest.mark.slow
def test_a_search_that_descends_is_warned_of_once_a_seed(nasinit: Callable[..., Any], tmp_path: Path) -> None:
    descending = ("--mu", 2, "--nu", 0, "--fixed")
    one = nasinit("search", "nasi", *SMALL, *descending, "--out", tmp_path / "one")
    several = nasinit("search", "nasi", *SMALL, *descending, "--seeds", "0-1", "--out", tmp_path / "several")
    for ended, seeds in ((one, (0,)), (several, (0, 1))):
        assert ended.code == 0, ended.err
        for seed in seeds:
            assert (
                ended.err.count(f"nasi, seed {seed}: 100% of the steps have a trace above ν, where μ = 2 descends") == 1
            )
    left_out = nasinit("search", "nasi", *SMALL, "--mu", 1, "--nu", 0, "--out", tmp_path / "left out")
    assert "descends" not in left_out.err
    quiet = nasinit("--quiet", "search", "nasi", *SMALL, *descending, "--out", tmp_path / "quiet")
    assert (quiet.code, quiet.err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--without", "nothin"), "without: unknown operation 'nothin'"),
        (("--without", "nor_conv_3x4"), "Did you mean 'nor_conv_3x3'?"),
        (("--without", "none,"), "--without takes operations with commas between them, or nothing alone; got 'none,'"),
        (("--without", ""), "--without takes operations"),
        (("--without", "none,nothing"), "or nothing alone"),
        (
            ("--without", "none,skip_connect,nor_conv_1x1,nor_conv_3x3,avg_pool_3x3"),
            "keeps no operation; it needs at least one",
        ),
    ],
)
def test_what_cannot_be_left_out_is_one_message(
    nasinit: Callable[..., Any], tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    ended = nasinit("search", "nasi", *SMALL, *arguments, "--out", tmp_path)
    assert ended.code == 2, ended.err
    assert message in ended.err
    assert "Traceback" not in ended.err
