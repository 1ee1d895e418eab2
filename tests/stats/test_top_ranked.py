"""Precision, NDCG and correlation among the best. Oracles: every tie-break written out, hand counts, the definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from harness.errors import ScoresError
from harness.stats import ndcg_at, ndcg_of_powers_at, precision_at, top_correlation
from tests.reference import stats_top as reference

FEW = st.lists(st.tuples(st.integers(0, 3).map(float), st.integers(80, 84).map(float)), min_size=2, max_size=6)


@given(FEW, st.data())
def test_precision_is_the_mean_over_all_tie_breaks(rows, data):
    scores, accuracies = map(list, zip(*rows, strict=True))
    k = data.draw(st.integers(1, len(rows)))
    assert_allclose(precision_at(scores, accuracies, k), reference.precision_at(scores, accuracies, k), rtol=1e-12)


@given(FEW, st.data())
def test_ndcg_is_the_mean_over_all_orders(rows, data):
    scores, accuracies = map(list, zip(*rows, strict=True))
    k = data.draw(st.integers(1, len(rows)))
    if min(accuracies) == max(accuracies):
        assert math.isnan(ndcg_at(scores, accuracies, k))
        return
    assert_allclose(ndcg_at(scores, accuracies, k), reference.ndcg_at(scores, accuracies, k), rtol=1e-9, atol=1e-12)


def test_a_perfect_order_and_a_constant_score():
    accuracies = np.random.default_rng(0).permutation(50).astype(float)
    assert precision_at(accuracies, accuracies, 10) == 1
    assert ndcg_at(accuracies, accuracies, 10) == pytest.approx(1, rel=1e-12)
    assert precision_at(np.zeros(50), accuracies, 10) == pytest.approx(10 / 50, rel=1e-12)


def test_ndcg_by_hand():
    # gains 1, 0, 0.5 in the order of the scores: (1 + 0 + 0.5 / 2) / (1 + 0.5 / log2 3)
    expected = 1.25 / (1 + 0.5 / math.log2(3))
    assert ndcg_at([3.0, 2.0, 1.0], [90.0, 80.0, 85.0], 3) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.25, 1.0])
def test_correlation_among_the_most_accurate(share):
    generator = np.random.default_rng(1)
    accuracies = generator.permutation(400).astype(float)
    scores = accuracies + generator.normal(0, 50, size=400)
    found = top_correlation(scores, accuracies, share)
    best = accuracies.argsort()[400 - round(share * 400) :]
    assert found.coefficients.n == len(best)
    assert found.coefficients.spearman == pytest.approx(
        stats.spearmanr(scores[best], accuracies[best]).statistic, rel=1e-12
    )


def test_ties_with_the_last_are_all_in():
    assert top_correlation(np.arange(6.0), [1.0, 2.0, 2.0, 2.0, 3.0, 4.0], 0.5).coefficients.n == 5
    assert math.isnan(top_correlation(np.arange(9.0), np.arange(9.0), 0.2).coefficients.spearman)
    assert top_correlation(np.arange(100.0), np.arange(100.0), 0.07).coefficients.n == 7


def test_ties_at_the_size_of_nas_bench_101():
    n = 423_624
    generator = np.random.default_rng(2)
    scores = generator.integers(0, 5, size=n).astype(float)
    accuracies = generator.permutation(n).astype(float)
    top = scores == 4
    best = accuracies >= n - 100
    assert precision_at(scores, accuracies, 100) == pytest.approx((top & best).sum() / top.sum(), rel=1e-9)
    # all of the first group share the mean discount of the first k ranks
    gains = accuracies / (n - 1)
    ideal = np.sort(gains)[::-1][:100] / np.log2(np.arange(100) + 2)
    expected = gains[top].mean() * (1 / np.log2(np.arange(100) + 2)).sum() / ideal.sum()
    assert ndcg_at(scores, accuracies, 100) == pytest.approx(expected, rel=1e-9)
    assert top_correlation(scores, accuracies, 0.01).coefficients.n == math.ceil(n * 0.01)


@pytest.mark.parametrize("function", [precision_at, ndcg_at])
@pytest.mark.parametrize("k", [0, 4])
def test_k_outside_the_table_is_named(function, k):
    with pytest.raises(ScoresError, match=f"k must lie between 1 and the number of architectures, 3; got {k}"):
        function([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], k)


@pytest.mark.parametrize("share", [0.0, 1.5, math.nan])
def test_a_share_out_of_range_is_named(share):
    with pytest.raises(ScoresError, match=r"share must lie in \(0, 1\]"):
        top_correlation([1.0, 2.0], [1.0, 2.0], share)


@pytest.mark.parametrize("function", [precision_at, ndcg_at, lambda x, y, k: top_correlation(x, y, 0.5)])
def test_nan_is_counted(function):
    with pytest.raises(ScoresError, match="scores: 1 NaN"):
        function([1.0, math.nan], [1.0, 2.0], 1)


def test_any_finite_accuracies():
    assert ndcg_at([1.0, 2.0, 3.0], [-1.7e308, 0.0, 1.7e308], 1) == 1


@given(
    st.lists(st.tuples(st.integers(0, 2).map(float), st.integers(80, 95).map(float)), min_size=2, max_size=6), st.data()
)
def test_ndcg_of_powers_is_the_mean_over_all_tie_breaks(rows, data):
    scores, accuracies = map(list, zip(*rows, strict=True))
    k = data.draw(st.integers(1, len(rows)))
    assert ndcg_of_powers_at(scores, accuracies, k) == pytest.approx(reference.ndcg_of_powers(scores, accuracies, k))


def test_ndcg_of_powers_of_shares_is_near_one_for_any_order():
    """So the unit is part of the measure: the same order in percent is far from it."""
    accuracies = np.linspace(0.5, 0.94, 50)
    assert ndcg_of_powers_at(-accuracies, accuracies, 50) > 0.8
    assert ndcg_of_powers_at(-accuracies, 100 * accuracies, 50) < 0.5


def test_ndcg_of_powers_of_zeros_has_no_answer():
    assert math.isnan(ndcg_of_powers_at([1.0, 2.0], [0.0, 0.0], 2))
