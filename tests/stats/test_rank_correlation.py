"""Oracles: plain O(n^2) definitions (tests/reference), hand counts with their R call, scipy, and symmetry."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from harness.errors import HarnessError, ScoresError
from harness.stats import COEFFICIENTS, Coefficients, bootstrap_intervals, coefficients
from tests.reference import stats_rank_correlation as reference

NAMES = ("spearman", "kendall_tau_b", "weighted_tau", "pearson")
RANK_NAMES = ("spearman", "kendall_tau_b", "weighted_tau")

few_values = st.integers(-4, 4).map(float)
pairs = st.lists(st.tuples(few_values, few_values), min_size=3, max_size=12)


def columns(rows) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.array(rows).T
    assume(np.unique(first).size > 1 and np.unique(second).size > 1)
    return first, second


def test_the_names_are_those_of_the_record_in_its_order():
    assert (*COEFFICIENTS, "n") == Coefficients._fields


@given(pairs)
def test_coefficients_equal_the_plain_definitions(rows):
    first, second = columns(rows)
    result = coefficients(first, second)
    for name in NAMES:
        assert_allclose(getattr(result, name), getattr(reference, name)(first, second), atol=1e-12, err_msg=name)
    assert result.n == len(rows)


def test_coefficients_by_hand_with_ties():
    # x <- c(1, 2, 2, 3, 5); y <- c(1, 3, 2, 2, 5)
    # Pairs: 10, of which (2, 2) ties in x and (2, 2) in y; 7 concordant, 1 discordant.
    # cor(x, y, method = "kendall")  = (7 - 1) / sqrt(9 * 9) = 2/3
    # Mid-ranks x 1, 2.5, 2.5, 4, 5; y 1, 4, 2.5, 2.5, 5; centred products sum to 7.25, squares to 9.5 each.
    # cor(x, y, method = "spearman") = 7.25 / 9.5
    # cor(x, y) = 8.2 / sqrt(9.2 * 9.2)
    result = coefficients([1, 2, 2, 3, 5], [1, 3, 2, 2, 5])
    assert_allclose(result.kendall_tau_b, 2 / 3, rtol=1e-14)
    assert_allclose(result.spearman, 7.25 / 9.5, rtol=1e-14)
    assert_allclose(result.pearson, 8.2 / 9.2, rtol=1e-14)


def test_weighted_tau_by_hand():
    # Orders differ by one exchange at the bottom: ranks 1 and 2 of 0, 1, 2, weights 1/2 + 1/3 of 2 (1 + 1/2 + 1/3).
    assert_allclose(coefficients([3, 2, 1], [3, 1, 2]).weighted_tau, 1 - 2 * (5 / 6) / (11 / 3), rtol=1e-14)


def test_weighted_tau_minds_the_top_more_than_the_bottom():
    truth = np.arange(20.0)
    top_swapped, bottom_swapped = truth.copy(), truth.copy()
    top_swapped[[18, 19]] = truth[[19, 18]]
    bottom_swapped[[0, 1]] = truth[[1, 0]]
    top, bottom = coefficients(top_swapped, truth), coefficients(bottom_swapped, truth)
    assert top.weighted_tau < bottom.weighted_tau
    assert top.kendall_tau_b == bottom.kendall_tau_b


def test_coefficients_equal_scipy_with_its_defaults():
    generator = np.random.default_rng(3)
    first = generator.normal(size=500)
    second = np.round(first + generator.normal(size=500), 1)
    result = coefficients(first, second)
    assert_allclose(result.spearman, stats.spearmanr(first, second)[0], rtol=1e-13)
    assert_allclose(result.kendall_tau_b, stats.kendalltau(first, second)[0], rtol=1e-13)
    assert_allclose(result.pearson, stats.pearsonr(first, second)[0], rtol=1e-13)


def test_weighted_tau_without_ties_is_scipys():
    first, noise = np.random.default_rng(4).normal(size=(2, 500))
    expected = stats.weightedtau(first, first + noise)[0]
    assert_allclose(coefficients(first, first + noise).weighted_tau, expected, rtol=1e-13)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=6))
def test_weighted_tau_is_that_over_all_orders_of_the_ties(rows):
    first, second = columns(rows)
    expected = reference.weighted_tau_over_all_orders(first, second)
    assert_allclose(coefficients(first, second).weighted_tau, expected, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("faces", [2, 7])
def test_weighted_tau_of_a_coin_or_die_is_near_zero_and_its_interval_holds_it(faces):
    generator = np.random.default_rng(faces)
    coin, accuracies = generator.integers(faces, size=15_625), generator.normal(size=15_625)
    assert abs(coefficients(coin, accuracies).weighted_tau) < 0.1
    assert stats.weightedtau(coin, accuracies)[0] > 0.15, "scipy orders ties by the other vector"
    low, high = bootstrap_intervals(coin, accuracies, generator=generator, resamples=200).weighted_tau
    assert low < 0 < high


@given(pairs)
def test_rising_transforms_leave_rank_coefficients(rows):
    first, second = columns(rows)
    plain, bent = coefficients(first, second), coefficients(np.exp(3 * first), second**3 - 7)
    for name in RANK_NAMES:
        assert_allclose(getattr(bent, name), getattr(plain, name), atol=1e-12, err_msg=name)


@given(pairs)
def test_negation_flips_the_sign(rows):
    first, second = columns(rows)
    plain, flipped = coefficients(first, second), coefficients(-first, second)
    for name in ("spearman", "kendall_tau_b", "pearson"):  # the weighted tau minds the other end then
        assert_allclose(getattr(flipped, name), -getattr(plain, name), atol=1e-12, err_msg=name)


@given(pairs, st.randoms(use_true_random=False))
def test_order_of_architectures_and_of_arguments_does_not_matter(rows, shuffler):
    first, second = columns(rows)
    shuffled = list(range(len(rows)))
    shuffler.shuffle(shuffled)
    plain = coefficients(first, second)
    assert_allclose(coefficients(first[shuffled], second[shuffled])[:4], plain[:4], atol=1e-12)
    assert_allclose(coefficients(second, first)[:4], plain[:4], atol=1e-12)


@given(pairs)
def test_a_ranking_agrees_fully_with_itself(rows):
    first, _ = columns(rows)
    assert_allclose(coefficients(first, first)[:4], 1.0, atol=1e-12)


@pytest.mark.parametrize("constant", ["scores", "accuracies", "both"])
def test_a_constant_gives_nan_without_a_warning(constant):
    varied, flat = np.arange(5.0), np.full(5, 0.1)
    result = coefficients(
        flat if constant in ("scores", "both") else varied, flat if constant in ("accuracies", "both") else varied
    )
    assert all(math.isnan(value) for value in result[:4])
    assert result.n == 5


def test_scores_of_any_size_neither_warn_nor_overflow():
    accuracies = np.array([1.0, 2.0, 3.0, 5.0])
    huge = coefficients([-1e308, 0.0, 1.7e308, 1.7e308], accuracies)
    assert_allclose(huge[:4], coefficients([-10.0, 0.0, 17.0, 17.0], accuracies)[:4], rtol=1e-12)
    assert_allclose(coefficients(accuracies * 1e-308, accuracies).pearson, 1.0, rtol=1e-12)


def test_scores_that_differ_in_their_last_digits_only():
    steps = np.array([0.0, 1.0, 2.0, 5.0])
    nearly_constant = 1.0 + steps * np.finfo(float).eps
    assert_allclose(coefficients(nearly_constant, steps)[:4], 1.0, rtol=1e-12)


@pytest.mark.slow
def test_size_of_nas_bench_101_with_heavy_ties():
    # 423,624 rows: ranks summed in 32-bit integers leave [-1, 1] here (torchmetrics does so).
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 50, size=423_624).astype(float)
    accuracies = np.round(scores / 10 + generator.normal(size=scores.size), 1)
    ranks = [stats.rankdata(values).astype(np.longdouble) for values in (scores, accuracies)]
    centred = [values - values.mean() for values in ranks]
    expected = (centred[0] @ centred[1]) / np.sqrt((centred[0] @ centred[0]) * (centred[1] @ centred[1]))
    result = coefficients(scores, accuracies)
    assert -1 <= result.spearman <= 1
    assert_allclose(result.spearman, float(expected), rtol=1e-12)
    assert all(-1 <= value <= 1 for value in result[:4])


def test_whole_numbers_and_lists_are_taken():
    result = coefficients([1, 2, 4], (4, 5, 6))
    assert result == Coefficients(1.0, 1.0, 1.0, result.pearson, 3)
    assert_allclose(result.pearson, 3 / math.sqrt(28 / 3), rtol=1e-14)  # products 3, squares 14/3 and 2


@pytest.mark.parametrize(
    ("scores", "accuracies", "message"),
    [
        ([1.0, math.nan, math.inf], [1.0, 2.0, 3.0], "scores: 1 NaN and 1 infinite of 3"),
        ([1.0, 2.0, 3.0], [math.nan, math.nan, 3.0], "accuracies: 2 NaN and 0 infinite of 3"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "2 scores and 3 accuracies"),
        ([1.0, 2.0], [1.0, 2.0], "at least 3 architectures are needed; got 2"),
        ([], [], "at least 3 architectures are needed; got 0"),
        ([[1.0, 2.0, 3.0]], [1.0, 2.0, 3.0], r"shape \[1, 3\]"),
        (["a", "b", "c"], [1.0, 2.0, 3.0], "scores must be numbers"),
    ],
)
def test_bad_input_is_named(scores, accuracies, message):
    with pytest.raises(ScoresError, match=message):
        coefficients(scores, accuracies)
    assert issubclass(ScoresError, HarnessError)
