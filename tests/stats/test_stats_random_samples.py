"""Oracles: every sample written out (tests/reference), closed forms, simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from harness.errors import ScoresError
from harness.stats import best_of_random
from tests.reference import stats_random_samples as reference


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(10, 95)), min_size=1, max_size=4),
    st.integers(1, 4),
)
def test_it_equals_the_mean_over_all_samples(rows, samples):
    scores, values = map(list, zip(*rows, strict=True))
    assert_allclose(
        best_of_random(scores, values, samples), reference.best_of_random(scores, values, samples), rtol=1e-9, atol=1e-9
    )


def test_one_sample_is_a_random_architecture():
    values = np.random.default_rng(0).uniform(10, 95, size=50)
    found = best_of_random(np.arange(50.0), values, 1)
    assert_allclose(found, [values.mean(), values.std()], rtol=1e-12)


def test_the_largest_of_n_whole_numbers():
    # E max of N draws from 1..n with replacement: n - Σ_{k<n} (k/n)^N
    n, samples = 1000, 37
    numbers = np.random.default_rng(1).permutation(n) + 1.0
    expected = n - ((np.arange(1, n) / n) ** samples).sum()
    assert_allclose(best_of_random(numbers, numbers, samples).mean, expected, rtol=1e-12)


def test_many_samples_find_the_best():
    assert_allclose(best_of_random([1.0, 3.0, 2.0], [70.0, 80.0, 90.0], 200), [80.0, 0.0], atol=1e-6)


def test_refusals():
    with pytest.raises(ScoresError, match="samples must be at least 1; got 0"):
        best_of_random([1.0], [1.0], 0)
    with pytest.raises(ScoresError, match="scores: 1 NaN"):
        best_of_random([float("nan")], [1.0], 1)
