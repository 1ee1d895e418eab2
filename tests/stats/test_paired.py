"""Oracles: R's p.adjust, a plain loop, simulation under no difference, and hand-made groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from harness.errors import ScoresError
from harness.stats import holm, indistinguishable_groups, paired_differences, resampled_coefficients

P = 0.001


def resampled(rows, accuracies, seed=0, resamples=200, **options):
    return resampled_coefficients(
        rows, accuracies, generator=np.random.default_rng(seed), resamples=resamples, **options
    )


def test_differences_equal_a_plain_loop():
    generator = np.random.default_rng(0)
    accuracies = generator.normal(size=40)
    rows = accuracies + np.array([[1.0], [2.0]]) * generator.normal(size=(2, 40))
    found = paired_differences(resampled(rows, accuracies, seed=5), "kendall_tau_b", confidence=0.9)
    drawn = np.random.default_rng(5)
    differences = []
    for _ in range(200):
        chosen = drawn.integers(40, size=40)
        first, second = (stats.kendalltau(row[chosen], accuracies[chosen]).statistic for row in rows)
        differences.append(first - second)
    estimate = stats.kendalltau(rows[0], accuracies).statistic - stats.kendalltau(rows[1], accuracies).statistic
    assert found.difference[0, 1] == pytest.approx(estimate, abs=1e-12)
    assert_allclose((found.low[0, 1], found.high[0, 1]), np.percentile(differences, [5, 95]), atol=1e-12)
    assert_allclose((found.low[1, 0], found.high[1, 0]), np.percentile(np.negative(differences), [5, 95]), atol=1e-12)
    expected = 2 * stats.norm.sf(abs(estimate) / np.std(differences, ddof=1))
    assert found.p[0, 1] == found.p[1, 0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_two_equally_good_proxies_are_told_apart_in_about_one_of_twenty_samples():
    generator = np.random.default_rng(1)
    rejected = 0
    for _ in range(300):
        accuracies = generator.normal(size=80)
        rows = accuracies + generator.normal(size=(2, 80))
        found = paired_differences(resampled(rows, accuracies, wanted=["spearman"]))
        rejected += found.p[0, 1] < 0.05
    # 0.05 with a binomial standard error of 0.013
    assert 0.015 <= rejected / 300 <= 0.09


def test_a_pair_is_surer_than_its_two_intervals():
    generator = np.random.default_rng(2)
    accuracies = generator.normal(size=150)
    shared = accuracies + generator.normal(size=150)
    rows = np.array([shared, shared + 0.5 * generator.normal(size=150)])
    both = resampled(rows, accuracies, wanted=["spearman"])
    found = paired_differences(both)
    separate = np.hypot(*both.values[:, :, 0].std(axis=1))
    assert found.high[0, 1] - found.low[0, 1] < 0.6 * 3.92 * separate


def test_a_proxy_with_itself_and_with_its_reverse():
    accuracies = np.arange(30.0)
    found = paired_differences(resampled([accuracies, accuracies, -accuracies], accuracies))
    assert found.difference[0].tolist() == [0.0, 0.0, 2.0]
    assert found.p[0].tolist() == [1.0, 1.0, 0.0]
    assert found.p_holm[0].tolist() == [1.0, 1.0, 0.0]


def test_a_constant_proxy_is_undefined():
    accuracies = np.random.default_rng(0).normal(size=20)
    found = paired_differences(resampled([accuracies + 1, np.zeros(20), -accuracies], accuracies))
    assert np.isnan(found.p[1, [0, 2]]).all()
    assert np.isnan(found.difference[1, 0])
    assert found.p_holm[0, 2] == found.p[0, 2], "one defined pair needs no correction"


def test_holm_is_rs():
    """R 4: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") gives 0.05 0.08 0.09 0.09 0.09."""
    assert_allclose(holm([0.01, 0.02, 0.03, 0.04, 0.05]), [0.05, 0.08, 0.09, 0.09, 0.09], rtol=1e-12)
    assert_allclose(holm([0.04, np.nan, 0.01]), [0.04, np.nan, 0.02], rtol=1e-12)
    assert holm([]).shape == (0,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_by_its_definition(p_values):
    """Holm's adjusted value: the maximum, over the values no larger, of (m less the number before it) times it."""
    ordered = sorted(p_values)
    count = len(ordered)
    expected = [
        min(1.0, max((count - place) * value for place, value in enumerate(ordered) if value <= p)) for p in p_values
    ]
    assert_allclose(holm(p_values), expected, rtol=1e-12)


def apart(size, *pairs):
    p = np.ones((size, size))
    for i, j in pairs:
        p[i, j] = p[j, i] = P
    return p


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], [(0, 1, 2, 3)]),
        ([(0, 3)], [(0, 1, 2), (1, 2, 3)]),
        ([(0, 2), (0, 3), (1, 3)], [(0, 1), (1, 2), (2, 3)]),
        ([(1, 2)], [(0, 1), (2, 3)]),
        ([(i, j) for i in range(4) for j in range(i)], []),
        ([(0, 1), (0, 2), (0, 3)], [(1, 2, 3)]),
    ],
)
def test_groups_are_the_longest_runs_without_a_pair_apart(pairs, expected):
    assert indistinguishable_groups([0.9, 0.8, 0.7, 0.6], apart(4, *pairs)) == expected


def test_groups_go_from_the_best_and_leave_the_undefined_out():
    p = apart(4, (0, 3))
    p[1] = p[:, 1] = np.nan
    assert indistinguishable_groups([0.1, np.nan, 0.5, 0.9], p) == [(3, 2), (2, 0)]


def test_refusals():
    both = resampled(np.eye(4), np.arange(4.0), wanted=["spearman"])
    with pytest.raises(ScoresError, match="unknown coefficient 'rho'"):
        paired_differences(both, "rho")
    with pytest.raises(ScoresError, match="pearson was not resampled"):
        paired_differences(both, "pearson")
    with pytest.raises(ScoresError, match="got 2"):
        paired_differences(both, confidence=2)
