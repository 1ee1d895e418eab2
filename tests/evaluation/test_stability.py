"""Stability and transfer over frames. Oracle: scipy on the same scores."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import Column, Facts, Table
from harness.errors import ScoresError
from harness.evaluation.stability import stability
from harness.evaluation.transfer import left_out_of_transfer, transfer
from harness.spaces import open_space

SPACE = open_space("nasbench201")
KEYS = [SPACE.key(cell) for cell in SPACE.sample(25, seed=4)]


def frame_of(**scores):
    rows = [pd.DataFrame({"architecture": KEYS, "proxy": name, "score": row}) for name, row in scores.items()]
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def seeds():
    generator = np.random.default_rng(0)
    truth = generator.normal(size=25)
    rows = truth + generator.normal(0, 0.5, size=(3, 25))
    rows[1, 4] = math.nan
    return rows


@pytest.fixture(scope="module")
def frames(seeds):
    shuffled = frame_of(mine=seeds[1], steady=np.arange(25.0)).sample(frac=1, random_state=0)
    return {
        "seed 0": frame_of(mine=seeds[0], steady=np.arange(25.0)),
        "seed 1": shuffled,
        "seed 2": frame_of(mine=seeds[2]),
    }


def test_stability_is_scipys_between_the_settings(frames, seeds):
    found = stability(frames, resamples=20)
    mine, steady = found.proxies
    whole = np.isfinite(seeds[1])
    assert (mine.proxy, mine.settings, mine.n) == ("mine", ("seed 0", "seed 1", "seed 2"), 24)
    for i in range(3):
        for j in range(3):
            expected = stats.spearmanr(seeds[i][whole], seeds[j][whole]).statistic
            assert mine.result.matrix[i, j] == pytest.approx(expected, abs=1e-12)
    assert (steady.proxy, steady.settings) == ("steady", ("seed 0", "seed 1"))
    assert steady.result.mean == pytest.approx(1)
    assert found.left_out == {}
    assert found.lacking == {"steady": ("seed 2",)}


def test_one_frame_with_a_column_of_settings(frames):
    whole = pd.concat([frame.assign(seed=label) for label, frame in frames.items()])
    (found,) = stability(dict(list(whole.groupby("seed"))), ["mine"], resamples=20).proxies
    (expected,) = stability(frames, ["mine"], resamples=20).proxies
    assert found.result.interval == expected.result.interval


def test_refused_stability(frames):
    with pytest.raises(ScoresError, match="at least 2 settings are needed; got 1"):
        stability({"one": frames["seed 0"]})
    with pytest.raises(ScoresError, match="at least 2 settings are needed; got 0"):
        stability({})
    with pytest.raises(ScoresError, match=r"unknown proxy of these scores 'mne'\. Did you mean 'mine'"):
        stability(frames, ["mne"])
    with pytest.raises(ScoresError, match="no proxy has scores in two of the settings"):
        stability({"a": frame_of(first=np.arange(25.0)), "b": frame_of(second=np.arange(25.0))})
    lone = {"a": frame_of(mine=np.r_[1.0, 2.0, [math.nan] * 23]), "b": frame_of(mine=np.arange(25.0))}
    with pytest.raises(ScoresError, match="mine has scores in 2 of the settings, 2 architectures in common"):
        stability(lone, ["mine"])
    with pytest.raises(
        ScoresError, match=r"no proxy .* \(mine: scores in 2 of the settings, 2 architectures in common"
    ):
        stability(lone)


@pytest.fixture(scope="module")
def partial():
    """Two settings: a whole proxy, and others that one of them lacks, has NaN of, or shares too few cells with."""
    steps, none = np.arange(25.0), np.full(25, math.nan)
    two = np.where(np.arange(25) < 2, steps, math.nan)
    return {
        "a": frame_of(whole=steps, nan=steps, two=two, empty=none, first=steps),
        "b": frame_of(whole=-steps, nan=none, two=steps, empty=none, second=steps),
    }


def test_proxies_without_two_settings_are_left_out_with_the_reason(partial):
    found = stability(partial, resamples=20)
    assert [one.proxy for one in found.proxies] == ["whole"]
    assert found.proxies[0].result.mean == pytest.approx(-1)
    assert found.left_out == {
        "nan": "scores in a only",
        "two": "scores in 2 of the settings, 2 architectures in common",
        "empty": "scores in none of the settings",
        "first": "scores in a only",
        "second": "scores in b only",
    }
    for name in found.left_out:
        with pytest.raises(ScoresError, match=f"{name} has scores in .*: its stability needs 2 settings and 3 arch"):
            stability(partial, ["whole", name])


def test_scores_of_two_spaces_are_refused_by_their_names(frames, table):
    darts = pd.DataFrame({"architecture": map(str, open_space("darts").sample(3, seed=0)), "proxy": "mine"})
    darts["score"] = [1.0, 2.0, 3.0]
    message = "the setting other is about the space darts, the setting seed 0 about nasbench201"
    with pytest.raises(ScoresError, match=message):
        stability({"seed 0": frames["seed 0"], "other": darts})
    with pytest.raises(ScoresError, match="the setting other is about the space darts, table made about nasbench201"):
        transfer({"other": darts}, table, ["cifar10_test_200ep_pct"])


@pytest.fixture(scope="module")
def table():
    values = np.random.default_rng(1).uniform(50, 95, size=(2, 25)).round(2)
    names = ("cifar10_test_200ep_pct", "cifar100_test_200ep_pct")
    columns = [Column(name, name.partition("_")[0], "test", 200, "pct", "mean", "made here") for name in names]
    return Table(
        KEYS, columns, list(values), Facts("made", "nasbench201", "Made", "nowhere", "none", None, None, None, "")
    )


def test_transfer_is_scipys_of_each_input_with_each_column(seeds, table):
    inputs = {"noise": frame_of(mine=seeds[0]), "images": frame_of(mine=seeds[1])}
    columns = ["cifar10_test_200ep_pct", "cifar100_test_200ep_pct"]
    found = transfer(inputs, table, columns, resamples=5)
    assert found[found["proxy"] == "mine"][["inputs", "column"]].to_numpy().tolist() == [
        [label, column] for label in inputs for column in columns
    ]
    whole = np.isfinite(seeds[1])
    for label, row in zip(inputs, seeds, strict=False):
        for column in columns:
            value = found.set_index(["proxy", "inputs", "column"]).loc[("mine", label, column)]
            accuracies = table.values(KEYS, column)[whole]
            assert value["spearman"] == pytest.approx(stats.spearmanr(row[whole], accuracies).statistic, abs=1e-12)
            assert value["n"] == 24


def test_what_a_transfer_leaves_out_is_said(partial, table):
    columns = ["cifar10_test_200ep_pct"]
    assert left_out_of_transfer(partial, table, columns) == [
        "Without scores on b: nan, first.",
        "Left out, 23 of 25 architectures that lack a score on some of its inputs: two.",
        "Left out, without scores on any inputs: empty.",
        "Without scores on a: second.",
    ]
    found = transfer(partial, table, columns, resamples=5).groupby("proxy")
    assert {name: list(rows["inputs"]) for name, rows in found} == {
        "whole": ["a", "b"], "nan": ["a"], "first": ["a"], "second": ["b"], "two": ["a", "b"], "params": ["a", "b"],
        "flops": ["a", "b"],
    }  # fmt: skip
    steps, half = np.arange(25.0), np.arange(25) < 12
    apart = {"a": frame_of(x=np.where(half, steps, math.nan)), "b": frame_of(x=np.where(half, math.nan, steps))}
    with pytest.raises(ScoresError, match="no proxy has a score for an architecture with all of its inputs: a, b"):
        transfer(apart, table, columns)
    apart["a"] = pd.concat([apart["a"], frame_of(y=steps)])
    assert left_out_of_transfer(apart, table, columns)[0] == (
        "Left out, without an architecture that has a score on all of its inputs: x."
    )
    assert set(transfer(apart, table, columns, resamples=5)["inputs"]) == {"a"}, "nothing is left of b"


def test_architectures_that_the_table_lacks_are_counted(seeds, table):
    smaller = Table(
        KEYS[:20], table.columns, [table.values(KEYS[:20], name) for name in table.column_names], table.facts
    )
    inputs = {"noise": frame_of(mine=seeds[0])}
    assert left_out_of_transfer(inputs, smaller, ["cifar10_test_200ep_pct"]) == [
        "Left out, 5 of 25 scored architectures without cifar10_test_200ep_pct."
    ]
    assert left_out_of_transfer(inputs, table, ["cifar10_test_200ep_pct"]) == []


def test_refused_transfer(table, seeds):
    with pytest.raises(ScoresError, match="a transfer needs scores"):
        transfer({}, table, ["cifar10_test_200ep_pct"])
    with pytest.raises(ScoresError, match="a column or more"):
        transfer({"noise": frame_of(mine=seeds[0])}, table, [])
