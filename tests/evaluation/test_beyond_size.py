"""Evidence beside a ranking. Oracles: scipy and the layer of statistics on arrays put together by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import Column, Facts, Table
from harness.errors import ScoresError
from harness.evaluation.beyond_size import beyond_size
from harness.evaluation.ceiling import ceiling, tables_with_trainings
from harness.evaluation.comparison import compare
from harness.evaluation.ranking import correlate
from harness.evaluation.top import top
from harness.spaces import open_space
from harness.stats import kendall_within, partial_correlations, precision_at, spearman_brown
from tests.reference import stats_rank_correlation as reference

SPACE = open_space("nasbench201")
CELLS = SPACE.sample(60, seed=3)
KEYS = [SPACE.key(cell) for cell in CELLS]
PARAMS = np.array([SPACE.parameter_count(cell) for cell in CELLS], dtype=float)
FLOPS = np.array([SPACE.multiply_adds(cell) for cell in CELLS], dtype=float)
ACCURACY = "cifar10_test_200ep_pct"
LATENCY = "board_latency_ms"


def table_of(name="made", **columns):
    kinds = {name: ("ms", False) if name == LATENCY else ("pct", True) for name in columns}
    listed = [
        Column(name, "cifar10", "test", 200, unit, "mean", "made here", may_be_missing=True, higher_is_better=higher)
        for name, (unit, higher) in kinds.items()
    ]
    facts = Facts(name, "nasbench201", "A table of this test", "nowhere", "none", None, None, None, "No limits.")
    return Table(KEYS, listed, list(columns.values()), facts)


@pytest.fixture(scope="module")
def accuracies():
    generator = np.random.default_rng(0)
    return (70 + 5 * stats.zscore(PARAMS) + generator.normal(0, 5, size=60)).round(2)


@pytest.fixture(scope="module")
def scores(accuracies):
    """One that follows accuracy closely, one that is noisy parameters, one that fails for every sixth cell."""
    generator = np.random.default_rng(1)
    close = accuracies + generator.normal(0, 1, size=60)
    size = stats.zscore(PARAMS) + generator.normal(0, 0.2, size=60)
    holes = np.where(np.arange(60) % 6 == 0, math.nan, -accuracies)
    return {"close": close, "size": size, "holes": holes}


def frame_of(scores):
    return pd.concat(
        [pd.DataFrame({"architecture": KEYS, "proxy": name, "score": row}) for name, row in scores.items()]
    )


@pytest.fixture(scope="module")
def ranking(scores, accuracies):
    return correlate(frame_of(scores), table_of(**{ACCURACY: accuracies}), ACCURACY, resamples=20)


def test_a_comparison_is_on_the_architectures_that_all_have(ranking, scores, accuracies):
    found = compare(ranking, resamples=300)
    common = np.isfinite(scores["holes"])
    assert found.n == common.sum() == 50
    rows = found.frame.set_index("proxy")
    for name, row in {**scores, "params": PARAMS, "flops": FLOPS}.items():
        expected = stats.spearmanr(row[common], accuracies[common]).statistic
        assert rows.loc[name, "spearman"] == pytest.approx(expected, abs=1e-12)
        difference = expected - rows.loc["params", "spearman"]
        assert rows.loc[name, "difference"] == pytest.approx(difference, abs=1e-12)
    assert found.frame["spearman"].is_monotonic_decreasing
    verdicts = {"close": "better", "size": "not distinguishable", "holes": "worse", "params": ""}
    assert rows["verdict"].to_dict() == verdicts | {"flops": "not distinguishable"}
    assert found.words[0] == "better than params: close"
    assert found.words[1] in {f"not distinguishable from params: {both}" for both in ("size, flops", "flops, size")}
    assert found.words[2] == "worse than params: holes"
    assert len(found.pairs) == 10
    assert ("close",) not in found.groups
    assert {"size", "params", "flops"} in [set(group) for group in found.groups]


def test_pairs_and_rows_say_the_same(ranking):
    found = compare(ranking, "close", coefficient="kendall_tau_b", resamples=100)
    rows = found.frame.set_index("proxy")
    pairs = found.pairs.set_index(["first", "second"])
    assert rows.loc["size", "difference"] == -pairs.loc[("close", "size"), "difference"]
    assert rows.loc["size", "p_holm"] == pairs.loc[("close", "size"), "p_holm"]
    assert rows.loc["size", "difference_low"] == -pairs.loc[("close", "size"), "high"]


def test_proxies_that_failed_for_most_or_say_one_thing_are_left_out(scores, accuracies):
    few = np.where(np.arange(60) < 29, accuracies, math.nan)
    frame = frame_of({**scores, "few": few, "flat": np.ones(60), "none": np.full(60, math.nan)})
    ranking = correlate(frame, table_of(**{ACCURACY: accuracies}), ACCURACY, resamples=2)
    found = compare(ranking, resamples=20)
    assert found.left_out == ("few", "flat", "none")
    assert set(found.frame["proxy"]) | set(found.left_out) == set(ranking.frame["proxy"])
    assert found.n == 50
    with pytest.raises(ScoresError, match="a comparison with none needs its scores"):
        compare(ranking, "none", resamples=2)


def test_where_lower_is_better_the_sign_is_turned(scores, accuracies):
    latencies = 200 - accuracies
    table = table_of(**{LATENCY: latencies})
    ranking = correlate(frame_of(scores), table, LATENCY, resamples=20)
    assert not ranking.higher_is_better
    found = compare(ranking, resamples=100).frame.set_index("proxy")
    assert found.loc["close", "spearman"] > 0.9
    assert found.loc["close", "verdict"] == "better"
    assert beyond_size(ranking, resamples=2).set_index("proxy").loc["close", "given_both"] > 0.8
    best = top(ranking).set_index("proxy")
    assert best.loc["close", "best_of_1"] == latencies[scores["close"].argmax()]
    assert best.loc["close", "regret_of_1"] == pytest.approx(latencies[scores["close"].argmax()] - latencies.min())
    again = table_of("again", **{LATENCY: latencies + np.random.default_rng(5).normal(0, 0.1, 60)})
    assert ceiling(ranking, [table, again]).frame.set_index("proxy").loc["close", "spearman_share"] > 0.9


def test_refused_comparisons(ranking, accuracies):
    with pytest.raises(ScoresError, match=r"unknown proxy of this ranking 'parms'\. Did you mean 'params'"):
        compare(ranking, "parms")
    with pytest.raises(ScoresError, match="unknown coefficient 'rho'"):
        compare(ranking, coefficient="rho")
    with pytest.raises(ScoresError, match="resamples must be a whole number from 1, got 0"):
        compare(ranking, resamples=0)
    flat = correlate(frame_of({"flat": np.ones(60)}), table_of(**{ACCURACY: accuracies}), ACCURACY, resamples=2)
    with pytest.raises(ScoresError, match="a comparison with flat needs its scores"):
        compare(flat, "flat", resamples=2)


def test_beyond_size_is_the_statistics_of_each_proxys_own_architectures(ranking, scores, accuracies):
    found = beyond_size(ranking, resamples=30).set_index("proxy")
    assert list(found.index) == ["close", "size", "holes", "params", "flops"]
    for name, row in scores.items():
        own = np.isfinite(row)
        (expected,) = partial_correlations(
            [row[own]], accuracies[own], [PARAMS[own], FLOPS[own]], given=[(0,), (1,), (0, 1)],
            generator=np.random.default_rng(0), resamples=30,
        )  # fmt: skip
        for held, partial in zip(("params", "flops", "both"), expected, strict=True):
            columns = [f"given_{held}{end}" for end in ("", "_low", "_high")]
            assert found.loc[name, columns].tolist() == pytest.approx([partial.value, *partial.interval], abs=1e-12)
        within = kendall_within(
            row[own], accuracies[own], PARAMS[own], generator=np.random.default_rng(0), resamples=30
        )
        columns = [f"among_equals{end}" for end in ("", "_low", "_high")]
        assert found.loc[name, columns].tolist() == pytest.approx([within.kendall_tau_b, *within.interval], nan_ok=True)
        assert found.loc[name, ["n", "pairs", "classes"]].tolist() == [own.sum(), within.pairs, within.classes]
    assert math.isnan(found.loc["params", "given_params"])


def test_beyond_size_of_a_proxy_with_two_scores_is_undefined(accuracies):
    few = np.where(np.arange(60) < 2, accuracies, math.nan)
    ranking = correlate(frame_of({"few": few}), table_of(**{ACCURACY: accuracies}), ACCURACY, resamples=2)
    row = beyond_size(ranking, resamples=2).set_index("proxy").loc["few"]
    assert row["n"] == 0
    assert math.isnan(row["given_both"])


def test_top_is_what_the_highest_scores_hold(ranking, scores, accuracies):
    found = top(ranking).set_index("proxy")
    order = np.argsort(scores["close"])[::-1]
    assert found.loc["close", "best_of_10"] == accuracies[order[:10]].max()
    assert found.loc["close", "regret_of_10"] == pytest.approx(accuracies.max() - accuracies[order[:10]].max())
    assert found.loc["close", "precision_at_10"] == pytest.approx(precision_at(scores["close"], accuracies, 10))
    assert found.loc["close", "sample_1"] == pytest.approx(accuracies.mean(), rel=1e-12)
    assert found.loc["close", "sample_1_std"] == pytest.approx(accuracies.std(), rel=1e-12)
    assert math.isnan(found.loc["close", "best_of_100"]), "there are 60"
    best = np.argsort(accuracies)[-15:]
    expected = stats.spearmanr(scores["close"][best], accuracies[best]).statistic
    assert found.loc["close", "spearman_top_25"] == pytest.approx(expected, abs=1e-12)
    assert math.isnan(found.loc["close", "spearman_top_1"])
    assert found.loc["close", [f"n_top_{share}" for share in (1, 5, 10, 25)]].tolist() == [1, 3, 6, 15]
    assert found.loc["holes", "n_top_25"] == math.ceil(0.25 * np.isfinite(scores["holes"]).sum())
    assert not math.isnan(found.loc["close", "spearman_top_5"]), "the frame keeps what three architectures give"


@pytest.fixture(scope="module")
def seeded(accuracies):
    """Two trainings of all cells, a third of half of them, and their mean as the column."""
    generator = np.random.default_rng(2)
    seeds = accuracies + generator.normal(0, 2, size=(3, 60))
    seeds[2, 30:] = math.nan
    columns = {f"{ACCURACY}_seed{place}": seed for place, seed in enumerate(seeds)}
    return seeds, table_of(**{ACCURACY: np.nanmean(seeds, axis=0)}, **columns)


def test_the_ceiling_is_the_agreement_of_the_tables_seeds(scores, seeded):
    seeds, table = seeded
    ranking = correlate(frame_of(scores), table, ACCURACY, resamples=5)
    found = ceiling(ranking, tables_with_trainings(ranking, table))
    half = slice(0, 30)
    pairs = [(seeds[0], seeds[1]), (seeds[0][half], seeds[2][half]), (seeds[1][half], seeds[2][half])]
    spearman = np.mean([reference.spearman(*pair) for pair in pairs])
    assert found.spearman == pytest.approx(spearman, abs=1e-12)
    assert found.kendall_tau_b == pytest.approx(np.mean([reference.kendall_tau_b(*pair) for pair in pairs]), abs=1e-12)
    assert (found.pairs, found.n, len(found.trainings)) == (3, 30, 3)
    # thirty cells have three trainings, thirty two: the mean of 1 / k is 5 / 12
    assert found.reliability == pytest.approx(spearman_brown(spearman, 12 / 5), abs=1e-12)
    rows, ranked = found.frame.set_index("proxy"), ranking.frame.set_index("proxy")
    assert rows.loc["close", "spearman_share"] == pytest.approx(ranked.loc["close", "spearman"] / spearman)
    corrected = ranked.loc["close", "spearman"] / math.sqrt(found.reliability)
    assert rows.loc["close", "spearman_corrected"] == pytest.approx(corrected)


def test_a_second_table_is_a_second_training(scores, accuracies):
    one, other = (
        table_of(name, **{ACCURACY: accuracies + np.random.default_rng(seed).normal(0, 2, 60)})
        for seed, name in enumerate(("one", "other"))
    )
    ranking = correlate(frame_of(scores), one, ACCURACY, resamples=5)
    found = ceiling(ranking, [one, other])
    pair = [table.values(KEYS, ACCURACY) for table in (one, other)]
    assert found.spearman == found.reliability == pytest.approx(reference.spearman(*pair), abs=1e-12)
    with pytest.raises(ScoresError, match=r"the ceiling needs two trainings .* there is 1 \(one: cifar10_test"):
        ceiling(ranking, [one])
