"""Partial correlation and correlation inside classes.

Oracles: the R package ppcor as its paper prints it, regression of ranks and counts of pairs (tests/reference), closed
forms.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy import stats

from harness.errors import ScoresError
from harness.stats import kendall_within, partial_correlations
from tests.reference import stats_beyond_size as reference

HL = [7, 15, 19, 15, 21, 22, 57, 15, 20, 18]
DISP = [0.000, 0.964, 0.000, 0.000, 0.921, 0.000, 0.000, 1.006, 0.000, 1.011]
DEG = [9, 2, 3, 4, 1, 3, 1, 3, 6, 1]
BC = [1.78e-02, 1.05e-06, 1.37e-05, 7.18e-03, 0.0, 0.0, 0.0, 4.48e-03, 2.10e-06, 0.0]


def partial(first, second, held, coefficient="spearman", resamples=1, seed=0):
    ((found,),) = partial_correlations(
        [first], second, held, generator=np.random.default_rng(seed), coefficient=coefficient, resamples=resamples
    )
    return found


@pytest.mark.parametrize(
    ("first", "second", "held", "expected"),
    [
        (HL, DISP, [DEG, BC], -0.7647345),
        (HL, DEG, [DISP, BC], -0.1367596),
        (HL, BC, [DISP, DEG], -0.7860646),
        (DISP, DEG, [HL, BC], -0.4845966),
        (DISP, BC, [HL, DEG], -0.4506273),
        (DEG, BC, [HL, DISP], 0.4010940),
    ],
)
def test_it_is_what_ppcor_prints(first, second, held, expected):
    """R: pcor(x=y.data, method="spearman"), Kim 2015, Commun. Stat. Appl. Methods 22(6), 665-674."""
    assert partial(first, second, held).value == pytest.approx(expected, abs=5e-8)


@given(arrays(np.float64, (4, 12), elements=st.integers(0, 9).map(float)))
def test_spearmans_is_the_correlation_of_what_regression_leaves(rows):
    found = partial(rows[0], rows[1], rows[2:]).value
    if np.isnan(found):
        return
    assert found == pytest.approx(reference.partial_spearman(*rows[:2], rows[2:]), abs=1e-7)


@pytest.mark.parametrize("coefficient", ["spearman", "kendall_tau_b", "pearson"])
def test_one_vector_held_is_the_textbooks_formula(coefficient):
    generator = np.random.default_rng(0)
    z = generator.normal(size=60)
    x, y = z + generator.normal(size=(2, 60))
    function = {"spearman": stats.spearmanr, "kendall_tau_b": stats.kendalltau, "pearson": stats.pearsonr}[coefficient]
    xy, xz, yz = (function(*pair).statistic for pair in ((x, y), (x, z), (y, z)))
    expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    assert partial(x, y, [z], coefficient).value == pytest.approx(expected, abs=1e-12)


def test_a_vector_held_twice_is_held_once():
    generator = np.random.default_rng(1)
    x, y, z = generator.normal(size=(3, 50))
    once, twice = partial(x, y, [z], resamples=20), partial(x, y, [z, 3 * z + 1], resamples=20)
    assert_allclose((twice.value, *twice.interval), (once.value, *once.interval), atol=1e-9)


def test_what_follows_from_size_alone_knows_nothing_beyond_it():
    generator = np.random.default_rng(2)
    size = generator.normal(size=2000)
    accuracies = size + generator.normal(size=2000)
    noisy_size = size + generator.normal(size=2000)
    found = partial(noisy_size, accuracies, [size], resamples=200)
    assert found.interval.low < 0 < found.interval.high
    assert abs(found.value) < 0.05
    assert np.isnan(partial(np.exp(size), accuracies, [size]).value), "nothing is left of a function of size"


def test_intervals_equal_a_plain_loop():
    generator = np.random.default_rng(3)
    z = generator.normal(size=30).round(1)
    x, y = z + generator.normal(size=(2, 30))
    found = partial(x, y, [z], resamples=60, seed=8)
    drawn = np.random.default_rng(8)
    values = []
    for _ in range(60):
        chosen = drawn.integers(30, size=30)
        values.append(reference.partial_spearman(x[chosen], y[chosen], [z[chosen]]))
    assert_allclose(found.interval, np.percentile(values, [2.5, 97.5]), atol=1e-9)


def test_several_proxies_are_each_alone():
    generator = np.random.default_rng(4)
    rows, y, z = generator.normal(size=(3, 25)), generator.normal(size=25), generator.normal(size=(2, 25))
    together = partial_correlations(rows, y, z, generator=np.random.default_rng(0), resamples=15)
    for row, (found,) in zip(rows, together, strict=True):
        alone = partial(row, y, z, resamples=15)
        assert_allclose((found.value, *found.interval), (alone.value, *alone.interval), atol=1e-12)


def test_sets_of_what_is_held_are_each_alone():
    x, y, first, second = np.random.default_rng(5).normal(size=(4, 25))
    (found,) = partial_correlations(
        [x], y, [first, second], given=[(0,), (1,), (0, 1)], generator=np.random.default_rng(0), resamples=15
    )
    for partial_found, held in zip(found, ([first], [second], [first, second]), strict=True):
        alone = partial(x, y, held, resamples=15)
        assert_allclose((partial_found.value, *partial_found.interval), (alone.value, *alone.interval), atol=1e-12)


def test_refusals_of_partial_correlation():
    x = np.arange(5.0)
    with pytest.raises(ScoresError, match="a partial weighted tau is not defined"):
        partial(x, x, [x], "weighted_tau")
    with pytest.raises(ScoresError, match="must pair up"):
        partial(x, x, [x[:4]])
    with pytest.raises(ScoresError, match="1 NaN"):
        partial(x, x, [[1.0, 2.0, np.nan, 3.0, 4.0]])


def within(first, second, classes, resamples=1, seed=0):
    return kendall_within(first, second, classes, generator=np.random.default_rng(seed), resamples=resamples)


@given(arrays(np.float64, (3, 14), elements=st.integers(0, 3).map(float)))
def test_inside_classes_it_is_the_count_over_their_pairs(rows):
    first, second, classes = rows
    found = within(first, second, classes)
    sizes = np.unique(classes, return_counts=True)[1]
    assert found.pairs == sum(size * (size - 1) // 2 for size in sizes)
    assert found.classes == (sizes > 1).sum()
    try:
        expected = reference.kendall_within(first, second, classes)
    except ZeroDivisionError:
        expected = np.nan
    assert_allclose(found.kendall_tau_b, expected, atol=1e-12)


def test_one_class_is_tau_b_itself_and_so_is_its_interval():
    generator = np.random.default_rng(5)
    x, y = generator.normal(size=(2, 40)).round(1)
    found = within(x, y, np.full(40, 7), resamples=50, seed=3)
    assert found.kendall_tau_b == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    drawn = np.random.default_rng(3)
    values = []
    for _ in range(50):
        chosen = drawn.integers(40, size=40)
        values.append(stats.kendalltau(x[chosen], y[chosen]).statistic)
    assert_allclose(found.interval, np.percentile(values, [2.5, 97.5]), atol=1e-12)


def test_what_is_constant_in_every_class_changes_nothing():
    generator = np.random.default_rng(6)
    classes = generator.integers(0, 8, size=300)
    x, y = generator.normal(size=(2, 300))
    assert within(x + 100 * classes, y, classes).kendall_tau_b == within(x, y, classes).kendall_tau_b
    assert np.isnan(within(classes, y, classes, resamples=5).kendall_tau_b)
    assert np.isnan(within(x, y, np.arange(300)).interval).all(), "no class has a pair"


def test_classes_of_many_architectures_and_of_few_add_up():
    """Two classes whose taus are known: the pairs of both add up."""
    n = 50_000
    generator = np.random.default_rng(7)
    x, y = generator.normal(size=(2, n)).round(3)
    classes = np.where(np.arange(n) < 1000, 1, 0)
    split = [(x[classes == label], y[classes == label]) for label in (0, 1)]
    agreements = first = second = 0.0
    for one, other in split:
        tau = stats.kendalltau(one, other).statistic
        untied = [
            len(v) * (len(v) - 1) / 2 - sum(c * (c - 1) / 2 for c in np.unique(v, return_counts=True)[1])
            for v in (one, other)
        ]
        agreements += tau * np.sqrt(untied[0] * untied[1])
        first, second = first + untied[0], second + untied[1]
    assert within(x, y, classes).kendall_tau_b == pytest.approx(agreements / np.sqrt(first * second), rel=1e-9)


def test_refusals_of_classes():
    with pytest.raises(ScoresError, match="got 3 scores and 2 classes"):
        within([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1, 1])
    with pytest.raises(ScoresError, match="classes: 1 NaN"):
        within([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1, 1, np.nan])
    with pytest.raises(ScoresError, match="resamples must be at least 1"):
        within([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1, 1, 1], resamples=0)
