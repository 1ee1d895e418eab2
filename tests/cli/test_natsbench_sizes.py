"""The commands on NATS-Bench's size space: a sample scored, and joined to a table of one's own and to the release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.spaces import open_space

Run = Callable[..., Any]
SMALL = ("--batch-size", "4", "--image-size", "8", "--classes", "3")
SLICE = {"8:8:8:8:8": 79.79, "8:8:8:16:32": 85.77, "8:8:40:32:40": 89.51}
"""Records 0, 11 and 284 of the release: its client's test accuracies on CIFAR-10 after 90 epochs, in percent."""


@pytest.mark.slow
def test_a_sample_is_scored_and_ranked_by_a_table_of_its_keys(nasinit: Run, tmp_path: Path) -> None:
    store, table = tmp_path / "s.sqlite", tmp_path / "mine.csv"
    common = ("--space", "natsbench-sizes", "--sample", 5, "--proxies", "nwot,params", "--store", store)
    ended = nasinit("score", *common, *SMALL)
    assert ended.code == 0, ended.err
    assert "scoring 5 architectures of natsbench-sizes by nwot, params" in ended.out
    sample = open_space("natsbench-sizes").sample(5)
    rows = [f"{architecture},{sum(architecture.channels) / 4}" for architecture in sample]  # type: ignore[attr-defined]
    table.write_text("\n".join(["architecture,accuracy", *rows, ""]))
    ended = nasinit("correlate", store, "--table", table, "--column", "accuracy", "--resamples", 20)
    assert ended.code == 0, ended.err
    assert "accuracy: mine.csv, a table of the user's own" in ended.out
    assert "params" in ended.out
    ended = nasinit("report", store, "--table", table, "--column", "accuracy", "--out", tmp_path / "page.html")
    assert ended.code == 0, ended.err
    assert (tmp_path / "page.html").is_file()


def test_the_architectures_of_a_table_are_scored(nasinit: Run, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("architecture,accuracy\n8:8:8:8:8,1\n64:64:64:64:64,2\n")
    ended = nasinit("score", "--table", table, "--proxies", "params", "--store", tmp_path / "s.sqlite", *SMALL)
    assert ended.code == 0, ended.err
    assert "scoring 2 architectures of natsbench-sizes by params" in ended.out


@pytest.mark.slow
def test_the_release_is_converted_and_ranked_by(nasinit: Run, published_data: Path, tmp_path: Path) -> None:
    folder = published_data / "NATS-sss-v1_0-50262-simple"
    if not folder.exists():
        pytest.skip(f"{folder.name} is not in {published_data}")
    table, scores, listed = tmp_path / "sizes.parquet", tmp_path / "s.sqlite", tmp_path / "three"
    assert nasinit("convert", folder, "--to", table).code == 0
    listed.write_text("\n".join(SLICE))
    common = ("--space", "natsbench-sizes", "--architectures", listed, "--proxies", "params,flops", "--store", scores)
    assert nasinit("score", *common).code == 0
    ended = nasinit("correlate", scores, "--table", table, "--column", "cifar10_test_90ep_pct", "--resamples", 20)
    assert ended.code == 0, ended.err
    assert "NATS-Bench, the size space" in ended.out
    (line,) = (line for line in ended.out.splitlines() if line.startswith("params"))
    assert line.split()[:3] == ["params", "1.00", "[1.00,"]
    assert str(SLICE["8:8:40:32:40"]) in line
    ended = nasinit("correlate", scores, "--table", table)
    assert ended.code == 2
    assert ended.err == (
        "nasinit: give --column, a column of these tables of the space natsbench-sizes:\n"
        "    natsbench-sizes: cifar10_test_90ep_pct, cifar100_test_90ep_pct, cifar10half_test_90ep_pct, "
        "imagenet16_120_test_90ep_pct, cifar10_test_12ep_pct, cifar100_test_12ep_pct and 223 more "
        f"(nasinit list tables {table})\n"
    )
    assert "give --table, a table of the space natsbench-sizes" in nasinit("correlate", scores).err
    ended = nasinit("correlate", scores, "--table", "darts-published")
    assert "table darts-published is about the space darts, the scores are of natsbench-sizes" in ended.err
    ended = nasinit("query", "random_search", "--table", table)
    assert (ended.code, "lacks 32,765 of 32,768 cells" in ended.err) == (2, True)


def test_what_the_commands_refuse(refuse: Callable[..., str], tmp_path: Path) -> None:
    common = ("score", "--space", "natsbench-sizes", "--store", tmp_path / "s.sqlite")
    text = refuse(*common, "--sample", 2, "--width", 8)
    assert "unknown size of this space's networks 'width'. Known: channels, classes, image_size" in text
    text = refuse(*common, "--architectures", "-", stdin="8:8:8:8:8\n8:8:8:8\n")
    assert "-, line 2: malformed NATS-Bench sizes '8:8:8:8': it has 4 layers between ':', expected 5" in text
    assert "unknown space 'natsbench-size'. Did you mean 'natsbench-sizes'?" in refuse(
        "score", "--space", "natsbench-size", "--sample", 2
    )
