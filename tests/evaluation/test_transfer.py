"""Transfer between data sets. Oracle: scipy on the same scores and accuracies."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import Column, Facts, Table
from harness.errors import ScoresError
from harness.evaluation.transfer import transfer
from harness.spaces import open_space
from tests.evaluation.settings import KEYS, frame_of


@pytest.fixture(scope="module")
def table():
    values = np.random.default_rng(1).uniform(50, 95, size=(2, 25)).round(2)
    names = ("cifar10_test_200ep_pct", "cifar100_test_200ep_pct")
    columns = [Column(name, name.partition("_")[0], "test", 200, "pct", "mean", "made here") for name in names]
    return Table(
        KEYS, columns, list(values), Facts("made", "nasbench201", "Made", "nowhere", "none", None, None, None, "")
    )


def test_transfer_is_scipys_of_each_input_with_each_column(seed_scores, table):
    inputs = {"noise": frame_of(mine=seed_scores[0]), "images": frame_of(mine=seed_scores[1])}
    columns = ["cifar10_test_200ep_pct", "cifar100_test_200ep_pct"]
    found = transfer(inputs, table, columns, resamples=5).frame
    assert found[found["proxy"] == "mine"][["inputs", "column"]].to_numpy().tolist() == [
        [label, column] for label in inputs for column in columns
    ]
    whole = np.isfinite(seed_scores[1])
    for label, row in zip(inputs, seed_scores, strict=False):
        for column in columns:
            value = found.set_index(["proxy", "inputs", "column"]).loc[("mine", label, column)]
            accuracies = table.values(KEYS, column)[whole]
            assert value["spearman"] == pytest.approx(stats.spearmanr(row[whole], accuracies).statistic, abs=1e-12)
            assert value["n"] == 24


def test_what_a_transfer_leaves_out_is_said(partial_settings, table):
    columns = ["cifar10_test_200ep_pct"]
    found = transfer(partial_settings, table, columns, resamples=5)
    assert found.left_out == (
        "Without scores on b: nan, first.",
        "Left out, 23 of 25 architectures that lack a score on some of its inputs: two.",
        "Left out, without scores on any inputs: empty.",
        "Without scores on a: second.",
    )
    assert {name: list(rows["inputs"]) for name, rows in found.frame.groupby("proxy")} == {
        "whole": ["a", "b"], "nan": ["a"], "first": ["a"], "second": ["b"], "two": ["a", "b"], "params": ["a", "b"],
        "flops": ["a", "b"],
    }  # fmt: skip
    steps, half = np.arange(25.0), np.arange(25) < 12
    apart = {"a": frame_of(x=np.where(half, steps, math.nan)), "b": frame_of(x=np.where(half, math.nan, steps))}
    with pytest.raises(ScoresError, match="no proxy has a score for an architecture with all of its inputs: a, b"):
        transfer(apart, table, columns)
    apart["a"] = pd.concat([apart["a"], frame_of(y=steps)])
    found = transfer(apart, table, columns, resamples=5)
    assert found.left_out[0] == "Left out, without an architecture that has a score on all of its inputs: x."
    assert set(found.frame["inputs"]) == {"a"}, "nothing is left of b"


def test_architectures_that_the_table_lacks_are_counted(seed_scores, table):
    smaller = Table(
        KEYS[:20], table.columns, [table.values(KEYS[:20], name) for name in table.column_names], table.facts
    )
    inputs = {"noise": frame_of(mine=seed_scores[0])}
    found = transfer(inputs, smaller, ["cifar10_test_200ep_pct"], resamples=5)
    assert found.left_out == ("Left out, 5 of 25 scored architectures without cifar10_test_200ep_pct.",)
    assert transfer(inputs, table, ["cifar10_test_200ep_pct"], resamples=5).left_out == ()


def test_scores_of_another_space_than_the_tables_are_refused(table):
    darts = pd.DataFrame({"architecture": map(str, open_space("darts").sample(3, seed=0)), "proxy": "mine"})
    darts["score"] = [1.0, 2.0, 3.0]
    with pytest.raises(ScoresError, match="the setting other is about the space darts, table made about nasbench201"):
        transfer({"other": darts}, table, ["cifar10_test_200ep_pct"])


def test_refused_transfer(table, seed_scores):
    with pytest.raises(ScoresError, match="a transfer needs scores"):
        transfer({}, table, ["cifar10_test_200ep_pct"])
    with pytest.raises(ScoresError, match="a column or more"):
        transfer({"noise": frame_of(mine=seed_scores[0])}, table, [])
