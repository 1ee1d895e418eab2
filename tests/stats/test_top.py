"""Oracles: every tie-break written out (tests/reference), simulation, hand counts, and scipy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from harness.errors import ScoresError
from harness.stats import best_by_score, percentile_of
from tests.reference import stats_top as reference

few_scores = st.integers(0, 3).map(float)
few_accuracies = st.integers(80, 95).map(float)


@given(st.lists(st.tuples(few_scores, few_accuracies), min_size=1, max_size=9), st.data())
def test_best_by_score_equals_the_mean_over_all_tie_breaks(rows, data):
    scores, accuracies = map(list, zip(*rows, strict=True))
    k = data.draw(st.integers(1, len(rows)))
    assert_allclose(best_by_score(scores, accuracies, k), reference.best_by_score(scores, accuracies, k), rtol=1e-12)


def test_best_of_one_is_the_mean_over_the_tied_best():
    assert best_by_score([2.0, 2.0, 1.0], [90.0, 80.0, 95.0], 1) == 85.0


def test_best_of_two_by_hand():
    # Taken for sure: 80. One of 70, 90, 100 joins: (80 + 90 + 100) / 3.
    assert_allclose(best_by_score([3.0, 1.0, 1.0, 1.0, 0.0], [80.0, 70.0, 90.0, 100.0, 99.0], 2), 90.0, rtol=1e-14)


def test_best_of_all_is_the_maximum():
    accuracies = np.random.default_rng(0).uniform(10, 94, size=100)
    assert best_by_score(np.zeros(100), accuracies, 100) == accuracies.max()


def test_without_ties_it_is_the_maximum_over_the_top():
    generator = np.random.default_rng(0)
    scores, accuracies = generator.permutation(1000).astype(float), generator.uniform(size=1000)
    assert best_by_score(scores, accuracies, 10) == accuracies[np.argsort(scores)[-10:]].max()


@given(st.lists(st.tuples(few_scores, few_accuracies), min_size=2, max_size=30))
def test_more_architectures_are_never_worse(rows):
    scores, accuracies = map(list, zip(*rows, strict=True))
    values = [best_by_score(scores, accuracies, k) for k in range(1, len(rows) + 1)]
    assert np.all(np.diff(values) >= -1e-9)
    assert values[-1] == max(accuracies)


@pytest.mark.parametrize("k", [1, 10, 200_000, 423_623])
def test_ties_at_the_size_of_nas_bench_101(k):
    # All tied: E max of a random k-subset. Accuracies 1..n without ties have E max = k (n + 1) / (k + 1).
    n = 423_624
    accuracies = np.random.default_rng(0).permutation(n) + 1.0
    assert_allclose(best_by_score(np.zeros(n), accuracies, k), k * (n + 1) / (k + 1), rtol=1e-9)


def test_expectation_agrees_with_simulation():
    generator = np.random.default_rng(7)
    scores = generator.integers(0, 4, size=60).astype(float)
    accuracies = generator.uniform(80, 94, size=60)
    best = [accuracies[np.lexsort((generator.uniform(size=60), scores))[-5:]].max() for _ in range(20_000)]
    assert_allclose(best_by_score(scores, accuracies, 5), np.mean(best), atol=4 * np.std(best) / math.sqrt(20_000))


@pytest.mark.parametrize("k", [0, 4, -1])
def test_k_outside_the_table_is_named(k):
    with pytest.raises(ScoresError, match=f"k must lie between 1 and the number of architectures, 3; got {k}"):
        best_by_score([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], k)


def test_scores_that_are_not_finite_are_counted():
    with pytest.raises(ScoresError, match="scores: 1 NaN and 0 infinite of 2"):
        best_by_score([1.0, math.nan], [1.0, 2.0], 1)


@pytest.mark.parametrize(("value", "expected"), [(1, 12.5), (2, 50.0), (4, 100.0), (0, 0.0), (3, 75.0)])
def test_percentile_counts_equal_values_half(value, expected):
    # Population 1, 2, 2, 3.5: e.g. 2 has one below and two equal: (1 + 2 / 2) / 4.
    assert percentile_of(value, [1, 2, 2, 3.5]) == expected


@pytest.mark.parametrize(
    ("value", "population", "message"),
    [
        (1.0, [], "a percentile needs a population"),
        (math.nan, [1.0], "a percentile needs a finite value; got nan"),
        (1.0, [1.0, math.inf], "population: 0 NaN and 1 infinite of 2"),
    ],
)
def test_percentile_refuses_what_has_no_answer(value, population, message):
    with pytest.raises(ScoresError, match=message):
        percentile_of(value, population)
