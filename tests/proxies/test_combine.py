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
from harness.proxies import combiners
from harness.proxies.scaled_sums import freerea, skip_distance, soft_vote, weighted_sum
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images

SPACE = open_space("nasbench201")


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


def parts(*names: str, rows: int = 12, seed: int = 3) -> pd.DataFrame:
    """Scores without ties."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame({name: generator.normal(size=rows) for name in names})


def test_vkdnw_agg_sums_logarithms_of_ranks_of_its_five_parts() -> None:
    scores = parts(*combine.VKDNW_AGG)
    expected = [
        sum(math.log(mean_ranks(list(scores[name]))[place] / 12) for name in combine.VKDNW_AGG) for place in range(12)
    ]
    assert combine.vkdnw_agg(scores).tolist() == pytest.approx(expected, rel=1e-12)


RANKED = [combine.rank_sum, combine.log_rank_sum, combine.vote, combine.hard_vote]


@pytest.mark.parametrize("combined", RANKED)
def test_what_is_made_of_orders_keeps_under_increasing_maps(combined: Any) -> None:
    scores = parts("a", "b", "c")
    mapped = pd.DataFrame({"a": np.exp(scores["a"]), "b": scores["b"] ** 3, "c": 7 * scores["c"] - 2})
    assert combined(scores, list("abc")).tolist() == combined(mapped, list("abc")).tolist()


@pytest.mark.parametrize("combined", [*RANKED, soft_vote, freerea])
def test_a_combination_of_one_proxy_or_of_copies_ranks_as_it_does(combined: Any) -> None:
    scores = parts("a").assign(b=lambda frame: frame["a"], c=lambda frame: frame["a"])
    assert combined(scores, ["a"]).rank().equals(scores["a"].rank())
    assert combined(scores, list("abc")).rank().equals(scores["a"].rank())


def test_a_hard_vote_sorts_by_majorities_and_may_depend_on_the_order_of_the_frame() -> None:
    scores = parts("a", "b", "c", rows=7)
    order = combine.hard_vote(scores, list("abc"))
    assert sorted(order) == list(range(7))
    agreed = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 2, 4, 3], "c": [2.0, 1, 3, 4]})
    assert combine.hard_vote(agreed, list("abc")).tolist() == [0, 1, 2, 3], "a transitive majority"
    cycle = pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, 3, 1], "c": [3.0, 1, 2]})
    assert combine.vote(cycle, list("abc")).tolist() == [0, 0, 0]
    turned = combine.hard_vote(cycle.iloc[[2, 0, 1]], list("abc")).sort_index()
    assert combine.hard_vote(cycle, list("abc")).tolist() != turned.tolist()


@pytest.mark.parametrize("scale", ["standard", "min_max"])
def test_a_soft_vote_is_the_mean_on_a_common_scale(scale: str) -> None:
    scores = parts("a", "b").assign(flat=0.1)
    columns = []
    for name in ("a", "b"):
        column = list(scores[name])
        if scale == "standard":
            mean = sum(column) / 12
            low, width = mean, math.sqrt(sum((score - mean) ** 2 for score in column) / 12)
        else:
            low, width = min(column), max(column) - min(column)
        columns.append([(score - low) / width for score in column])
    expected = [sum(row) / 3 for row in zip(*columns, [0.0] * 12, strict=True)]
    found = soft_vote(scores, ["a", "b", "flat"], scale=scale)
    assert found.tolist() == pytest.approx(expected, abs=1e-12)
    moved = soft_vote(3 * scores + 5, ["a", "b", "flat"], scale=scale)
    assert moved.tolist() == pytest.approx(found.tolist(), abs=1e-12)
    with pytest.raises(ScoresError, match=r"unknown scale 'minmax'\. Did you mean 'min_max'"):
        soft_vote(scores, ["a"], scale="minmax")


def test_freerea_by_hand() -> None:
    """Halves of the largest sizes, and skips over 0 nodes, over 2 and 0, over none."""
    cells = [
        "|skip_connect~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        "|none~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|none~2|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|",
    ]
    scores = pd.DataFrame({"nwot": [2.0, -4.0, 1.0], "logsynflow": [0.0, 10.0, 5.0]}, index=cells)
    assert freerea(scores).tolist() == [0.5, 1.0, 0.75]
    assert [skip_distance(cell) for cell in cells] == [0.0, 1.0, 0.0]
    assert freerea(scores * [3.0, 1e6]).tolist() == pytest.approx([0.5, 1.0, 0.75]), "a factor of a proxy is no change"
    assert freerea(scores.assign(none=0.0), ["nwot", "none"]).tolist() == [0.5, -1.0, 0.25]
    with pytest.raises(ScoresError, match="skips are those of cells of NAS-Bench-201"):
        freerea(scores.rename(index={cells[0]: "a genotype"}))


def test_weights_of_robot_skip_what_is_missing() -> None:
    scores = pd.DataFrame({"a": [0.0, 5.0, 10.0, np.nan], "b": [np.nan, 2.0, 1.0, np.nan]})
    found = weighted_sum(scores, ["a", "b"], [2.0, -1.0])
    assert found.tolist() == pytest.approx([0.0, 0.0, 2.0, math.nan], nan_ok=True)
    with pytest.raises(ScoresError, match="a finite weight is needed for each of the 2 columns"):
        weighted_sum(scores, ["a", "b"], [1.0])


def long(scores: pd.DataFrame) -> pd.DataFrame:
    rows = scores.rename_axis("architecture").reset_index().melt("architecture", var_name="proxy", value_name="score")
    return rows.assign(status="ok")


def test_a_proxy_is_not_counted_twice_unasked() -> None:
    with pytest.raises(ScoresError, match="'rank_sum:nwot\\+nwot' names a proxy twice"):
        combiners.combination("rank_sum:nwot+nwot")


def test_combinations_by_name_are_rows_of_further_proxies() -> None:
    frame = long(parts("nwot", "synflow"))
    frame.attrs["setting"] = "kept"
    together = combiners.with_combinations(frame, ["soft_vote:nwot+synflow", "rank_sum:nwot"])
    assert together.attrs == {"setting": "kept"}
    wide = combine.wide(together)
    assert wide["soft_vote:nwot+synflow"].tolist() == soft_vote(wide, ["nwot", "synflow"]).tolist()
    assert wide["rank_sum:nwot"].tolist() == wide["nwot"].rank().tolist()
    seeds = pd.concat([frame.assign(seed=0), frame.assign(seed=1, score=-frame["score"])])
    both = combiners.with_combinations(seeds, ["rank_sum:nwot"]).query("proxy == 'rank_sum:nwot'")
    assert both.groupby("architecture")["score"].sum().tolist() == [13.0] * 12, "each seed is combined by itself"


def test_every_combination_has_a_name_and_its_own_parts() -> None:
    for name, (_, columns) in combiners.COMBINERS.items():
        frame = long(parts(*(columns or ("a", "b"))).set_index(pd.Index(map(str, SPACE.sample(12)))))
        text = name if columns else f"{name}:a+b"
        made = combiners.with_combinations(frame, [text]).query("proxy == @text")
        assert made["score"].notna().all(), name
        assert made["score"].nunique() > 1, name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("az_naz", r"unknown combination 'az_naz'\. Did you mean 'az_nas'"),
        ("rank_sum", "rank_sum combines the proxies that are named"),
        ("rank_sum:a+", "rank_sum combines the proxies that are named"),
        ("rank_sum:a+c", "rank_sum:a\\+c needs scores of c: unknown proxy 'c'"),
        ("te_nas", "te_nas needs scores of te_nas_condition"),
    ],
)
def test_what_cannot_be_combined_is_one_line(text: str, message: str) -> None:
    with pytest.raises(ScoresError, match=message):
        combiners.with_combinations(long(parts("a", "b")), [text])
    with pytest.raises(ScoresError, match="the scores have a proxy rank_sum:a already"):
        combiners.with_combinations(long(parts("a", "rank_sum:a")), ["rank_sum:a"])


def test_a_swap_score_that_is_at_its_end_for_all_is_refused() -> None:
    full = pd.DataFrame({"swap": [4.0, 4.0, 4.0, np.nan], "params": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(ScoresError, match=r"all 3 architectures have the SWAP-score 4, which ends at 2\^N"):
        combine.swap_regularised(full, mu=2.0, sigma=1.0)
    assert combine.swap_regularised(full[:1], mu=1.0, sigma=1.0).tolist() == [4.0]
