"""The committed tables of the DARTS space follow from the committed scores and the published accuracies."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import benchmarks
import harness
from harness.spaces import open_space

FOLDER = Path(__file__).parent.parent / "results" / "darts"
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
    """The sizes are those of the search's networks, and every proxy of `all` is there for every architecture."""
    space = open_space("darts")
    frame = scores(name)
    assert set(frame["proxy"]) == {
        "grad_norm", "ntk_condition", "m_trace", "m_condition", "nasi_trace", "ntk_trace", "params", "flops",
    }  # fmt: skip
    assert (frame.groupby("architecture").size() == 8).all()
    sizes = frame[frame["proxy"] == "params"].set_index("architecture")["score"]
    for text, size in sizes.iloc[::40].items():
        assert space.parameter_count(space.parse(str(text)), **{"width": 16, "depth": 8}) == size


def test_the_text_gives_the_tables_numbers(name: str) -> None:
    committed = pd.read_csv(FOLDER / f"ranking_{name}.csv").set_index("proxy")
    for proxy, row in committed.iterrows():
        for coefficient in ("spearman", "kendall_tau_b"):
            values = (row[coefficient], row[f"{coefficient}_low"], row[f"{coefficient}_high"])
            text = "{:.2f} [{:.2f}, {:.2f}]".format(*(round(value, 2) + 0.0 for value in values))
            assert re.search(rf"^\| `{proxy}` \|.*{re.escape(text)}", README, flags=re.MULTILINE), (proxy, text)
