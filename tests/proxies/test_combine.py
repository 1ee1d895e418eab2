"""Combinations over a frame of scores, against plain loops and by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import ScoresError
from harness.proxies import combined as combine
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images


@pytest.fixture
def frame() -> pd.DataFrame:
    """Forty architectures with ties in every column, three of them with a failed score."""
    generator = np.random.default_rng(0)
    names = (*combine.AZ_NAS, *combine.TE_NAS, *combine.ZERO_COST_VOTE, "m_condition", "nasi_trace", "swap", "params")
    made = pd.DataFrame({name: generator.integers(1, 15, 40).astype(float) for name in names})
    made.index = pd.Index([f"cell {n}" for n in range(40)], name="architecture")
    made.loc["cell 3", "az_progressivity"] = np.nan
    made.loc["cell 7", "flops"] = -np.inf
    made.loc["cell 9", "snip"] = np.nan
    return made


def mean_ranks(values: list[float]) -> list[float]:
    """1 + those below + half of the others that tie."""
    return [1 + sum(v < w for v in values) + (sum(v == w for v in values) - 1) / 2 for w in values]


def test_az_nas_is_the_sum_of_logarithms_of_rank_shares(frame: pd.DataFrame) -> None:
    combined = combine.az_nas(frame)
    assert list(combined.index[combined.isna()]) == ["cell 3", "cell 7"]
    complete = frame.drop(index=["cell 3", "cell 7"])
    ranks = {name: mean_ranks(list(complete[name])) for name in combine.AZ_NAS}
    for place, architecture in enumerate(complete.index):
        expected = sum(math.log(ranks[name][place] / 38) for name in combine.AZ_NAS)
        assert combined[architecture] == pytest.approx(expected, rel=1e-12)


def test_te_nas_is_the_sum_of_two_ranks(frame: pd.DataFrame) -> None:
    combined = combine.te_nas(frame)
    ranks = [mean_ranks(list(frame[name])) for name in combine.TE_NAS]
    assert list(combined) == [sum(pair) for pair in zip(*ranks, strict=True)]


def test_by_hand() -> None:
    """Three architectures, two proxies: ranks (1, 3, 2) and (1.5, 1.5, 3)."""
    scores = pd.DataFrame({"a": [0.0, 9.0, 5.0], "b": [2.0, 2.0, 7.0]})
    assert list(combine.rank_sum(scores, ["a", "b"])) == [2.5, 4.5, 5.0]
    assert combine.az_nas(scores, ["a"]).tolist() == pytest.approx([math.log(1 / 3), 0, math.log(2 / 3)])


def test_a_vote_counts_pairs_won_by_the_majority(frame: pd.DataFrame) -> None:
    combined = combine.vote(frame)
    complete = frame.drop(index="cell 9")[list(combine.ZERO_COST_VOTE)]
    margins = dict.fromkeys(complete.index, 0)
    for one, other in itertools.combinations(complete.index, 2):
        ballots = [np.sign(complete.loc[one, name] - complete.loc[other, name]) for name in complete.columns]
        outcome = int(np.sign(sum(ballots)))
        margins[one] += outcome
        margins[other] -= outcome
    assert math.isnan(combined["cell 9"])
    assert combined.drop("cell 9").to_dict() == margins


def test_a_vote_of_one_proxy_ranks_as_it_does(frame: pd.DataFrame) -> None:
    assert combine.vote(frame, ["swap"]).rank().equals(frame["swap"].rank())


def test_hnas_prefers_the_target_and_a_small_condition_number() -> None:
    """By hand, with M of 3, 5, 7, M* = 5, μ = 0.1: μ |M² − 25| is 1.6, 0 and 2.4."""
    scores = pd.DataFrame({"m_trace": [3.0, 5.0, 7.0], "m_condition": [-30.0, -10.0, -7.0]})
    combined = combine.hnas(scores, target=5.0, mu=0.1)
    expected = [-(1.6 + 30 / 3.000001), -(0 + 10 / 5.000001), -(2.4 + 7 / 7.000001)]
    assert combined.tolist() == pytest.approx(expected, rel=1e-12)
    renamed = scores.rename(columns={"m_trace": "m_grad"})
    assert combine.hnas(renamed, metric="m_grad", target=5.0, mu=0.1).tolist() == combined.tolist()


def test_the_penalty_starts_above_nu() -> None:
    traces = pd.DataFrame({"nasi_trace": [1.0, 4.0, 10.0]})
    assert combine.nasi_penalised(traces, nu=4, mu=2).tolist() == [1, 4, -2]
    assert combine.nasi_penalised(traces, nu=4, mu=0).tolist() == [1, 4, 10]


def test_an_adaptive_nu_is_the_mean_of_those_before() -> None:
    """ν is 6, then (6 + 10) / 2 = 8, then (6 + 10 + 2) / 3 = 6; the failed one is not met."""
    traces = pd.DataFrame({"nasi_trace": [10.0, np.nan, 2.0, 9.0]})
    combined = combine.nasi_penalised(traces, nu=6, mu=1, adaptive=True)
    assert combined.dropna().tolist() == [6, 2, 6]
    assert combined.isna().tolist() == [False, True, False, False]


def test_the_proxy_and_the_frame_agree_on_the_penalty() -> None:
    space = open_space("nasbench201")
    network = space.build(space.sample(1)[0], classes=3, width=4, depth=1)
    batch = draw_images(Setting(batch_size=8, classes=3, image_size=8))
    scores = harness.score(network, batch, ["nasi_trace", "nasi_constrained"])
    frame = pd.DataFrame({name: [score.value] for name, score in scores.items()})
    expected = combine.nasi_penalised(frame, nu=100, mu=2)
    assert frame["nasi_constrained"].tolist() == pytest.approx(expected.tolist(), rel=1e-12)


def test_regularised_swap_favours_a_size() -> None:
    scores = pd.DataFrame({"swap": [10.0, 10.0, 20.0], "params": [1e6, 2e6, 3e6]})
    combined = combine.swap_regularised(scores, mu=2e6, sigma=1e12)
    assert combined.tolist() == pytest.approx([10 / math.e, 10, 20 / math.e], rel=1e-12)
    with pytest.raises(ScoresError, match="sigma must be positive, got 0"):
        combine.swap_regularised(scores, mu=2e6, sigma=0)


def test_increasing_maps_change_no_rank_combination(frame: pd.DataFrame) -> None:
    frame = frame.replace(-np.inf, np.nan)
    moved = frame.apply(lambda column: np.arctan(column / 10) * 7 - 3)
    for function in (combine.az_nas, combine.te_nas, combine.vote):
        pd.testing.assert_series_equal(function(moved), function(frame))


def test_a_runs_frame_becomes_wide_in_its_order() -> None:
    rows = [("b", "p", 1.0), ("b", "q", 2.0), ("a", "p", np.nan), ("a", "q", 4.0)]
    run = pd.DataFrame(rows, columns=["architecture", "proxy", "score"])
    wide = combine.wide(run)
    assert list(wide.index) == ["b", "a"]
    assert wide.loc["b"].to_dict() == {"p": 1.0, "q": 2.0}
    assert combine.rank_sum(wide, ["p", "q"]).isna().tolist() == [False, True]
    with pytest.raises(ScoresError, match="more than one score of b by 'p'"):
        combine.wide(pd.concat([run, run]))
    with pytest.raises(ScoresError, match="'score'"):
        combine.wide(run.drop(columns="score"))


def test_errors_name_the_column(frame: pd.DataFrame) -> None:
    with pytest.raises(ScoresError, match="Did you mean 'flops'"):
        combine.rank_sum(frame, ["flop"])
    with pytest.raises(ScoresError, match="no columns"):
        combine.rank_sum(frame, [])
    with pytest.raises(ScoresError, match="column 'swap' must be numbers"):
        combine.rank_sum(frame.assign(swap="many"), ["swap"])


def test_all_failed_is_all_nan(frame: pd.DataFrame) -> None:
    nothing: Any = frame * np.nan
    assert combine.az_nas(nothing).isna().all()
    assert combine.vote(nothing).isna().all()
