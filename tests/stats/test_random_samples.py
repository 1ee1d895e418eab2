"""Oracles: every sample written out (tests/reference), closed forms, simulation."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
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


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(10, 95)), min_size=1, max_size=7),
    st.data(),
)
def test_without_replacement_it_equals_the_mean_over_all_subsets(rows, data):
    scores, values = map(list, zip(*rows, strict=True))
    samples = data.draw(st.integers(1, len(rows)))
    assert_allclose(
        best_of_random(scores, values, samples, replacement=False),
        reference.best_without_replacement(scores, values, samples),
        rtol=1e-9,
        atol=1e-6,
    )


@pytest.mark.parametrize("samples", [1, 10, 1000, 423_624])
def test_without_replacement_at_the_size_of_nas_bench_101(samples):
    # E max of a random subset of 1..n without ties: N (n + 1) / (N + 1)
    n = 423_624
    numbers = np.random.default_rng(0).permutation(n) + 1.0
    found = best_of_random(numbers, numbers, samples, replacement=False)
    assert_allclose(found.mean, samples * (n + 1) / (samples + 1), rtol=1e-9)
    assert_allclose(best_of_random(np.zeros(n), numbers, samples, replacement=False).mean, numbers.mean(), rtol=1e-9)


def test_more_than_there_are_cannot_be_drawn_without_replacement():
    with pytest.raises(ScoresError, match="without replacement at most 2 can be drawn; got samples 3"):
        best_of_random([1.0, 2.0], [1.0, 2.0], 3, replacement=False)


PUBLISHED = {  # Mellor et al. 2021, table 2, 500 runs: mean and standard deviation
    ("cifar10", 1): (86.61, 13.46),
    ("cifar100", 1): (60.83, 12.58),
    ("imagenet16_120", 1): (33.13, 9.66),
    ("cifar10", 10): (93.06, 0.59),
    ("cifar100", 10): (69.76, 1.25),
    ("imagenet16_120", 10): (43.30, 1.87),
    ("cifar10", 100): (93.84, 0.23),
    ("cifar100", 100): (71.56, 0.78),
    ("imagenet16_120", 100): (45.67, 0.64),
}


@pytest.mark.parametrize(("dataset", "samples"), PUBLISHED)
@pytest.mark.parametrize("replacement", [True, False])
def test_random_and_optimal_rows_of_naswot_are_reproduced(dataset, samples, replacement):
    """Chosen and reported by the test accuracy: each within 2 standard errors of 500 runs of what was published."""
    path = Path(os.environ.get("NASINIT_DATA", "")) / "nasbench201_official.csv.gz"
    if not path.is_file():
        pytest.skip("nasbench201_official.csv.gz is not here")
    accuracies = pd.read_csv(path)[f"{dataset}_test_200ep_pct"].to_numpy()
    found = best_of_random(accuracies, accuracies, samples, replacement=replacement)
    mean, deviation = PUBLISHED[dataset, samples]
    assert abs(found.mean - mean) < 2 * found.deviation / 500**0.5
    assert abs(found.deviation - deviation) < 0.1 * deviation
