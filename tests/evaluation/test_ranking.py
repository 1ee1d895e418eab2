"""Scores against tables.

Oracles: scipy on the same numbers, counts and means by hand, and properties of a noisy copy of a real table.
"""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.evaluation.ranking import correlate
from harness.setting import Setting
from harness.stats.names import BASELINES
from tests.evaluation.ranked import (
    ACCURACY,
    COEFFICIENTS,
    KEYS,
    OUTSIDE,
    SEED_1,
    SPACE,
    STATISTICS,
    by_scipy,
    rank,
    row,
    scored,
)


def test_the_coefficients_are_scipys(table, noisy, accuracies):
    found = row(rank(scored(noisy), table))
    for name, expected in by_scipy(noisy, accuracies).items():
        assert found[name] == pytest.approx(expected, rel=1e-12), name
    assert (found["n"], found["failed"]) == (30, 0)


def test_the_coefficients_do_not_depend_on_the_order_of_the_rows(table, noisy):
    frame = scored(noisy)
    turned = frame.iloc[::-1]
    first, second = row(rank(frame, table)), row(rank(turned, table))
    assert first[list(COEFFICIENTS)].tolist() == pytest.approx(second[list(COEFFICIENTS)].tolist(), rel=1e-12)


def test_the_best_by_score_are_those_of_the_accuracies(table, noisy, accuracies):
    found = row(rank(scored(noisy), table))
    best = accuracies[noisy.argmax()]
    assert found["best_accuracy"] == best
    assert found["best_percentile"] == pytest.approx(
        100 * ((accuracies < best).sum() + (accuracies <= best).sum()) / 2 / 30
    )
    assert found["top10_best"] == accuracies[np.argsort(noisy)[-10:]].max()


def test_the_percentile_is_in_the_whole_table_not_among_the_scored(table, accuracies):
    worst = accuracies.argsort()[:5]
    found = row(rank(scored(accuracies[worst], keys=[KEYS[i] for i in worst]), table))
    assert found["best_accuracy"] == accuracies[worst[-1]]
    assert found["best_percentile"] == pytest.approx(100 * 4.5 / 30)


def test_ties_for_the_best_score_share_their_accuracies(table, accuracies):
    scores = np.zeros(30)
    scores[[3, 7, 11]] = 1.0
    found = row(rank(scored(scores), table))
    mean = accuracies[[3, 7, 11]].mean()
    assert found["best_accuracy"] == pytest.approx(mean, rel=1e-12)
    assert found["best_percentile"] == pytest.approx(100 * (accuracies < mean).mean())
    expected = by_scipy(scores, accuracies)
    assert found["spearman"] == pytest.approx(expected["spearman"], rel=1e-12)
    assert found["kendall_tau_b"] == pytest.approx(expected["kendall_tau_b"], rel=1e-12)


def test_a_constant_score_ranks_nothing_and_its_best_is_the_mean(table, accuracies):
    found = row(rank(scored(np.ones(30)), table))
    assert found[STATISTICS].isna().all()
    assert found["best_accuracy"] == pytest.approx(accuracies.mean(), rel=1e-12)


def test_failed_scores_are_left_out_and_counted(table, noisy, accuracies):
    scores = noisy.copy()
    scores[[0, 1]] = np.nan
    scores[2], scores[3] = np.inf, -np.inf
    status = ["ok"] * 30
    status[4], status[5] = "out_of_memory", "not_applicable"  # with a number beside it
    ranking = rank(scored(scores, status=status), table)
    found = row(ranking)
    assert (found["n"], found["failed"]) == (24, pytest.approx(6 / 30))
    for name, expected in by_scipy(noisy[6:], accuracies[6:]).items():
        assert found[name] == pytest.approx(expected, rel=1e-12), name
    points = ranking.points[ranking.points["proxy"] == "mine"]
    assert points["architecture"].tolist() == KEYS[6:]
    assert row(ranking, "params")["n"] == 30


def test_a_missing_status_is_not_ok(table, noisy):
    found = row(rank(scored(noisy, status=[None] + ["ok"] * 29), table))
    assert (found["n"], found["failed"]) == (29, pytest.approx(1 / 30))


@pytest.mark.parametrize("lost", [30, 29, 28])
def test_with_fewer_than_three_scores_there_are_no_coefficients(table, noisy, accuracies, lost):
    scores = noisy.copy()
    scores[:lost] = np.nan
    ranking = rank(scored(scores), table)
    found = row(ranking)
    assert (found["n"], found["failed"]) == (30 - lost, pytest.approx(lost / 30))
    assert found[STATISTICS].isna().all()
    best = accuracies[lost:][noisy[lost:].argmax()] if lost < 30 else math.nan
    assert found["best_accuracy"] == pytest.approx(best, nan_ok=True)
    assert ranking.frame["proxy"].tolist() == ["mine", "params", "flops"]


def test_three_scores_are_enough(table, noisy, accuracies):
    found = row(rank(scored(noisy[:3]), table))
    assert found["spearman"] == pytest.approx(by_scipy(noisy[:3], accuracies[:3])["spearman"])


def test_size_baselines_are_added_last_from_the_closed_form(table, noisy, accuracies):
    frame = pd.concat([scored(noisy, "b"), scored(-noisy, "a")])
    ranking = rank(frame, table)
    assert ranking.frame["proxy"].tolist() == ["b", "a", "params", "flops"]
    cells = [SPACE.parse(key) for key in KEYS]
    for name, attribute in zip(BASELINES, ("parameters", "macs"), strict=True):
        sizes = [float(getattr(SPACE.sizes(cell), attribute)) for cell in cells]
        assert ranking.points[ranking.points["proxy"] == name]["score"].tolist() == sizes
        assert row(ranking, name)["spearman"] == pytest.approx(by_scipy(sizes, accuracies)["spearman"], rel=1e-12)
        assert row(ranking, name)["failed"] == 0


@pytest.mark.parametrize("carried", [True, False])
def test_size_baselines_are_of_the_networks_that_were_scored(table, noisy, carried):
    shape = {"width": 4, "classes": 100, "image_size": 16}
    frame = scored(noisy)
    if carried:
        frame.attrs["setting"] = Setting(shape=shape).json()
    ranking = rank(frame, table) if carried else correlate(frame, table, ACCURACY, shape=shape)
    sizes = [SPACE.sizes(SPACE.parse(key), shape) for key in KEYS]
    for name, position in (("params", 0), ("flops", 1)):
        mine = ranking.points[ranking.points["proxy"] == name]
        assert mine["score"].tolist() == [float(size[position]) for size in sizes]
        assert mine["parameters"].tolist() == [size.parameters for size in sizes]


@pytest.mark.parametrize("given", [["params"], ["flops"], ["flops", "params"]])
def test_size_baselines_that_are_given_are_kept_and_last(table, noisy, accuracies, given):
    frame = pd.concat([*(scored(-accuracies, name) for name in given), scored(noisy)])
    ranking = rank(frame, table)
    assert ranking.frame["proxy"].tolist() == ["mine", "params", "flops"]
    assert {name: row(ranking, name)["spearman"] == -1 for name in BASELINES} == {
        name: name in given for name in BASELINES
    }


def test_size_baselines_alone_can_be_ranked(table, noisy):
    ranking = rank(scored(noisy, "params"), table)
    assert ranking.frame["proxy"].tolist() == ["params", "flops"]
    assert ranking.points["score"].tolist()[:30] == noisy.tolist()


def test_points_hold_score_accuracy_and_parameters(table, noisy, accuracies):
    points = rank(scored(noisy), table).points
    assert points.columns.tolist() == ["proxy", "architecture", "score", "accuracy", "parameters"]
    mine = points[points["proxy"] == "mine"]
    assert mine["score"].tolist() == noisy.tolist()
    assert mine["accuracy"].tolist() == accuracies.tolist()
    assert mine["parameters"].tolist() == [SPACE.sizes(SPACE.parse(key)).parameters for key in KEYS]
    assert points.index.tolist() == list(range(90))


def test_the_ranking_names_its_column_and_table(table, noisy):
    ranking = rank(scored(noisy), table, SEED_1)
    assert (ranking.column, ranking.source) == (SEED_1, table.describe())


def test_architectures_that_the_table_lacks_are_listed_and_left_out(table, noisy, accuracies):
    frame = pd.concat([scored(noisy[:3], keys=OUTSIDE), scored(noisy), scored(-noisy[:3], "other", OUTSIDE)])
    ranking = rank(frame, table)
    assert ranking.unmatched == tuple(OUTSIDE)
    assert not ranking.points["architecture"].isin(OUTSIDE).any()
    found = row(ranking)
    assert (found["n"], found["failed"]) == (30, 0)
    assert found["spearman"] == pytest.approx(by_scipy(noisy, accuracies)["spearman"], rel=1e-12)
    assert ranking.frame["proxy"].tolist() == ["mine", "params", "flops"]


def test_all_matched_leaves_none_unmatched(table, noisy):
    assert rank(scored(noisy), table).unmatched == ()


def test_rows_without_a_value_of_this_seed_are_dropped(table, noisy, accuracies):
    ranking = rank(scored(noisy), table, SEED_1)
    has_it = np.arange(30) % 3 != 0
    found = row(ranking)
    assert (found["n"], found["failed"], row(ranking, "params")["n"]) == (20, 0, 20)
    for name, expected in by_scipy(noisy[has_it], accuracies[has_it] / 2).items():
        assert found[name] == pytest.approx(expected, rel=1e-12), name
    assert ranking.unmatched == tuple(key for key, there in zip(KEYS, has_it, strict=True) if not there)
    assert 0 <= found["best_percentile"] <= 100


def test_architectures_are_matched_in_their_canonical_text(table, noisy):
    padded = rank(scored(noisy, keys=[f" {key}\n" for key in KEYS]), table)
    pd.testing.assert_frame_equal(padded.frame, rank(scored(noisy), table).frame)
    assert padded.points["architecture"].tolist()[:30] == KEYS


@pytest.mark.parametrize("kind", ["text", "integers", "objects", "nullable"])
def test_scores_of_any_type_of_number_are_taken(table, noisy, kind):
    whole = noisy.round()
    values = {
        "text": [f"{value:.1f}" for value in whole],
        "integers": whole.astype(int),
        "objects": np.array([*whole[:-1], None], dtype=object),
        "nullable": pd.array([*whole[:-1], pd.NA], dtype="Float64"),
    }[kind]
    count = 29 if kind in ("objects", "nullable") else 30
    found = row(rank(scored(values), table))
    assert found["n"] == count
    expected = rank(scored(whole[:count]), table)
    assert found["spearman"] == row(expected)["spearman"]


def test_the_frame_is_not_changed(table, noisy):
    frame = scored([*noisy[:-1], np.inf], keys=[f" {key}" for key in KEYS], status="ok")
    before = frame.copy(deep=True)
    rank(frame, table)
    pd.testing.assert_frame_equal(frame, before)


def test_the_same_seed_gives_the_same_intervals_and_another_others(table, noisy):
    first, again, other = (rank(scored(noisy), table, resamples=50, seed=seed).frame for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again)
    assert (first["spearman_low"] != other["spearman_low"]).all()
    assert (first["spearman"] == other["spearman"]).all()


def test_no_global_random_state_matters_to_the_intervals_or_moves(table, noisy):
    frames = []
    for seed in (1, 2):
        np.random.seed(seed)
        before = np.random.get_state()[1].tolist()
        frames.append(rank(scored(noisy), table).frame)
        assert np.random.get_state()[1].tolist() == before
    pd.testing.assert_frame_equal(*frames)


def test_intervals_hold_their_coefficient_and_widen_with_confidence(table, noisy):
    narrow, wide = (row(rank(scored(noisy), table, resamples=200, confidence=level)) for level in (0.5, 0.99))
    for name in COEFFICIENTS:
        assert wide[f"{name}_low"] < narrow[f"{name}_low"] < narrow[f"{name}_high"] < wide[f"{name}_high"]
        assert wide[f"{name}_low"] < wide[name] < wide[f"{name}_high"]


def test_the_interval_is_that_of_the_same_resamples_by_hand(table, noisy, accuracies):
    generator = np.random.default_rng(9)
    drawn = [generator.integers(30, size=30) for _ in range(40)]
    by_hand = [stats.spearmanr(noisy[chosen], accuracies[chosen]).statistic for chosen in drawn]
    found = row(rank(scored(noisy), table, resamples=40, confidence=0.8, seed=9))
    expected = np.quantile(by_hand, [0.1, 0.9])
    assert [found["spearman_low"], found["spearman_high"]] == pytest.approx(expected.tolist(), rel=1e-12)
