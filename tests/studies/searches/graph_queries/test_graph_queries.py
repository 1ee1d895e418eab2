"""The studies of searches on graph networks. Oracles: scipy's intervals, and runs made by hand."""

from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from harness.evaluation import TableError, open_table
from harness.search.query.methods import METHODS
from harness.studies.searches.agnn.study import OTHERS, agnn_claims
from harness.studies.searches.agnn.trained_claims import trained_claims
from harness.studies.searches.claims import NOT_SHOWN, NOT_TESTABLE, SHOWN, claims_frame
from harness.studies.searches.graph_queries.claims import SEARCHES, compared, query_claims
from harness.studies.searches.graph_queries.runs import Arm, better_on, datasets, difference, summary_frame
from harness.studies.study import run_study

TESTS = {"one": [80.0, 81.0, 82.0], "two": [60.0, 60.5, 61.0], "three": [70.0, 70.0, 70.0]}


def made(names: tuple[str, ...] = ("agnn", "random_search")) -> pd.DataFrame:
    """Runs in three data sets, the first search by a point better than the second, and so on."""
    rows = []
    for place, (name, queries, asked) in enumerate(itertools.product(names, (10, 20, 40), ("valid", "test"))):
        for dataset, values in TESTS.items():
            for run, value in enumerate(values):
                test = value - names.index(name) + 0.1 * place + (asked == "test")
                rows.append(
                    {"dataset": dataset, "asked": asked, "search": name, "queries": queries, "run": run,
                     "test_pct": test, "test_regret": 90 - test, "valid_regret": 91 - test}
                )  # fmt: skip
    return pd.DataFrame(rows)


def values(runs: pd.DataFrame, dataset: str, arm: Arm, name: str) -> list[float]:
    chosen = (runs["dataset"] == dataset) & (runs["search"] == arm.search) & (runs["asked"] == arm.asked)
    return runs.loc[chosen & (runs["queries"] == arm.queries), name].tolist()


def test_means_and_intervals_are_scipys() -> None:
    runs = made()
    row = summary_frame(runs).set_index(["dataset", "asked", "search", "queries"]).loc["one", "valid", "agnn", 10]
    tests = pd.Series(values(runs, "one", Arm("agnn", 10), "test_pct"))
    ends = stats.t.interval(0.95, 2, tests.mean(), tests.std() / 3**0.5)
    found = [row["test_pct_mean"], row["test_pct_std"], row["test_pct_low"], row["test_pct_high"]]
    assert found == pytest.approx([tests.mean(), tests.std(), *ends])
    assert row["runs"] == 3


def test_a_difference_is_over_data_sets_and_each_is_counted_by_its_runs() -> None:
    runs, arms = made(), (Arm("agnn", 40), Arm("random_search", 10, "test"))
    means = [
        pd.Series(values(runs, each, arms[0], "test_pct")).mean()
        - pd.Series(values(runs, each, arms[1], "test_pct")).mean()
        for each in TESTS
    ]
    assert difference(runs, *arms, "test_pct").mean == pytest.approx(pd.Series(means).mean())
    expected = [0, 0]
    for each in ("one", "two"):
        interval = stats.ttest_ind(
            *(values(runs, each, arm, "test_pct") for arm in arms), equal_var=False
        ).confidence_interval()
        expected[0] += bool(interval.low > 0)
        expected[1] += bool(interval.high < 0)
    expected[int(means[2] < 0)] += 1  # no run of the third data set differs from another
    assert better_on(runs, *arms, "test_pct") == tuple(expected)


def test_claims_hold_where_the_interval_is_on_their_side() -> None:
    runs = made()
    arms = (Arm("agnn", 10, "test"), Arm("agnn", 10))
    assert compared(runs, "more", arms, "test_pct", higher=True).verdict == SHOWN
    assert compared(runs, "less", arms, "test_pct", higher=False).verdict == NOT_SHOWN
    found = compared(runs, "more", arms, "test_pct", higher=True, published="words").ours
    assert found.startswith("points of test accuracy, over 3 data sets: +1.10 [")
    every = claims_frame(query_claims(made(SEARCHES)))
    assert len(every) == 3 + 2 * 3 + 2 + 3
    assert every["claim"].str.endswith("(our own question)").all()
    agnn = claims_frame(agnn_claims(made(("agnn", *OTHERS))))
    assert len(agnn) == 3 * len(OTHERS) * 2 + 1
    assert agnn["verdict"].iloc[-1] == NOT_TESTABLE


def test_the_searches_are_there() -> None:
    assert {*SEARCHES, "agnn", *OTHERS} <= set(METHODS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["graph-queries", "agnn"])
def test_the_study_writes_its_tables(name: str, tmp_path: Path) -> None:
    try:
        open_table("nasbench-graph-cora")
    except TableError as error:
        pytest.skip(str(error))
    assert len(datasets()) == 8
    trained = {"queries", "finals", "trained"} if name == "agnn" else set()
    if trained:
        pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    outcome = run_study(name, tmp_path / "out", quick=True, runs=2, say=lambda line: None)
    assert {"runs", "searches", "claims", *trained} == set(outcome.frames)
    for words in ("Claims", "Test regret (points), chosen by validation accuracy", "Test accuracy (%)"):
        assert words in str(outcome)
    assert len(outcome.pictures) == 1 + bool(trained)
    assert outcome.record["sizes"]["runs"] == 2
    if trained:
        assert outcome.record["trained"]["search"]["queries"] == 4
        assert "Searches whose networks are trained" in str(outcome)
        queries, finals = outcome.frames["queries"], outcome.frames["finals"]
        expected = claims_frame([*agnn_claims(outcome.frames["runs"]), *trained_claims(queries, finals)])
        pd.testing.assert_frame_equal(outcome.frames["claims"].fillna(""), expected)
