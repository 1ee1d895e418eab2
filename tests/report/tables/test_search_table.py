"""The text table of searches: every number where it belongs, line by line."""

import math

import pandas as pd
import pytest

from harness.errors import ScoresError
from harness.report.tables.searches import searches_text

NAN = float("nan")


def row(search, mean, *, published="", seconds=NAN, queries=NAN):
    there = bool(published)
    return {
        "search": search,
        "cifar10_test_200ep_pct_mean": mean,
        "cifar10_test_200ep_pct_std": 0.456,
        "mine_pct_mean": mean / 2,
        "mine_pct_std": 12.3,
        "seconds": seconds,
        "queries": queries,
        "published": published,
        "published_source": "A paper, table 3" if there else "",
        "published_cifar10_test_200ep_pct_mean": 93.7 if there else NAN,
        "published_cifar10_test_200ep_pct_std": 0.36 if there else NAN,
        "published_mine_pct_mean": NAN,
        "published_mine_pct_std": NAN,
        "published_seconds": 12_000 if there else NAN,
    }


def test_the_lines():
    frame = pd.DataFrame(
        [row("random", 87.056), row("random_search", 93.751, published="RS", seconds=11_943.2, queries=111.24)]
    )
    lines = searches_text(frame, width=100).split("\n")
    assert lines[0].split() == ["search", "CIFAR-10", "mine_pct", "seconds", "queries"]
    assert set(lines[1]) == {"─"}
    assert lines[2].split() == ["random", "87.06", "±", "0.46", "43.53", "±", "12.30", "–", "–"]
    assert lines[3].split() == ["random_search", "93.75", "±", "0.46", "46.88", "±", "12.30", "11,943", "111.2"]
    assert lines[4].split() == ["RS,", "published", "93.70", "±", "0.36", "–", "12,000"]
    assert lines[4].startswith("  RS")
    assert lines[5:] == ["", "published by A paper, table 3: RS"]


def test_a_csv_read_back_gives_the_same_lines(tmp_path):
    frame = pd.DataFrame(
        [row("random", 87.056), row("random_search", 93.751, published="RS", seconds=1.0, queries=2.0)]
    )
    for kept in (frame, frame[:1]):
        kept.to_csv(tmp_path / "searches.csv", index=False)
        assert searches_text(pd.read_csv(tmp_path / "searches.csv"), width=100) == searches_text(kept, width=100)


def test_a_single_run_has_no_deviation():
    frame = pd.DataFrame([{**row("random_search", 93.7), "cifar10_test_200ep_pct_std": NAN}])
    assert "93.70  " in searches_text(frame)


def test_without_published_rows_there_are_no_sources():
    assert searches_text(pd.DataFrame([row("random", 87.0)])).endswith("–        –")


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(), pd.DataFrame({"search": ["a"]}), pd.DataFrame({"published_x_mean": [math.pi]})]
)
def test_a_frame_without_searches_or_accuracies_is_refused(frame):
    with pytest.raises(ScoresError, match="there are no searches to show"):
        searches_text(frame)
