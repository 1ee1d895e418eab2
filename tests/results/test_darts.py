"""The committed tables of the DARTS space follow from the committed scores and the published accuracies."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import benchmarks
import harness
from harness.spaces import open_space

FOLDER = Path(__file__).parents[2] / "results" / "darts"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
TABLES = {
    "random214": ("darts-random214", "darts_random214_cifar10.csv", "cifar10_test_600ep_best_pct"),
    "surrogate": ("nasbench301-surrogate500", "nasbench301_500.csv", "cifar10_valid_100ep_surrogate_pct"),
}


@pytest.fixture(params=TABLES)
def name(request: pytest.FixtureRequest) -> str:
    """Each of the two tables in turn."""
    return str(request.param)


def scores(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"scores_{name}.csv.gz", float_precision="round_trip")


def test_the_rankings_follow_from_the_scores(name: str, published_data: Path) -> None:
    table, file, column = TABLES[name]
    path = published_data / file
    if not path.exists():
        pytest.skip(f"{file} is not in {published_data}")
    ranking = harness.correlate(scores(name), benchmarks.open_table(table, path=path), column)
    assert ranking.unmatched == ranking.duplicates == ()
    committed = pd.read_csv(FOLDER / f"ranking_{name}.csv")
    pd.testing.assert_frame_equal(ranking.frame, committed, check_dtype=False, rtol=1e-9)


def test_the_scores_are_of_the_setting_that_the_text_states(name: str) -> None:
    """The sizes are those of the search's networks, and every proxy was tried on every architecture."""
    space = open_space("darts")
    frame = scores(name)
    ranked = pd.read_csv(FOLDER / f"ranking_{name}.csv")["proxy"].tolist()
    assert set(frame["proxy"]) == set(ranked)
    assert (frame.groupby("architecture").size() == len(ranked)).all()
    sizes = frame[frame["proxy"] == "params"].set_index("architecture")["score"]
    for text, size in sizes.iloc[::40].items():
        assert space.sizes(space.parse(str(text)), width=16, depth=8).parameters == size


def test_the_text_gives_the_tables_numbers(name: str) -> None:
    """Every row under the table's heading, cell by cell."""
    section = README.split(f"## {name}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"]
    committed = pd.read_csv(FOLDER / f"ranking_{name}.csv")
    expected = [
        [f"`{row['proxy']}`", str(row["n"]), interval(row, "spearman"), interval(row, "kendall_tau_b")]
        for _, row in committed.iterrows()
    ]
    assert [row[:4] for row in rows] == expected


def interval(row: pd.Series, coefficient: str) -> str:
    if pd.isna(row[coefficient]):
        return "–"
    value, low, high = (round(row[coefficient + end], 2) + 0.0 for end in ("", "_low", "_high"))
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"
