"""Coefficients of many resamples at once, against scipy on each resample written out.

The weighted tau is held to `coefficients`, since scipy orders its ties otherwise; without ties to scipy's too.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from harness.errors import ScoresError
from harness.stats import coefficients, resampled_coefficients
from harness.stats.resampling import pair_signs, resampled
from harness.stats.resampling.pair_signs import PairSigns, whole_type
from harness.stats.resampling.pearson import pearson
from harness.stats.resampling.ranks import running_sums

SMALL = arrays(np.float64, 9, elements=st.integers(-2, 2).map(float))
SCIPY = (
    lambda x, y: stats.spearmanr(x, y).statistic,
    lambda x, y: stats.kendalltau(x, y).statistic,
    lambda x, y: coefficients(x, y).weighted_tau,
    lambda x, y: stats.pearsonr(x, y).statistic,
)


def on_each(x: np.ndarray, y: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """The coefficients of each resample, NaN where it is constant."""
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(resamples):
        drawn = generator.integers(len(x), size=len(x))
        varied = len(set(x[drawn])) > 1 and len(set(y[drawn])) > 1
        rows.append([coefficient(x[drawn], y[drawn]) if varied else np.nan for coefficient in SCIPY])
    return np.array(rows)


@given(SMALL, SMALL, st.integers(0, 1000))
def test_they_are_those_of_each_resample_with_any_ties(x: np.ndarray, y: np.ndarray, seed: int) -> None:
    found = resampled_coefficients([x], y, generator=np.random.default_rng(seed), resamples=6)
    assert_allclose(found.values[0], on_each(x, y, seed, 6), atol=1e-12)


@pytest.mark.parametrize("size", [10, 150, 700])
def test_they_are_those_of_each_resample_at_sizes_of_one_run_and_of_many(size: int) -> None:
    generator = np.random.default_rng(size)
    y = generator.normal(90, 2, size=size).round(1)
    rows = np.array([y + generator.normal(size=size), generator.integers(0, 4, size=size), np.where(y > 91, y, 10)])
    found = resampled_coefficients(rows, y, generator=np.random.default_rng(1), resamples=8)
    for row, values in zip(rows, found.values, strict=True):
        assert_allclose(values, on_each(row, y, 1, 8), atol=1e-12)


def test_draws_of_one_element_are_ties_for_scipys_weighted_tau_too() -> None:
    """They are tied in both vectors, so that scipy's order of them is no matter."""
    x, noise = np.random.default_rng(9).normal(size=(2, 300))
    found = resampled_coefficients([x], x + noise, generator=np.random.default_rng(2), resamples=5)
    generator = np.random.default_rng(2)
    for values in found.values[0]:
        drawn = generator.integers(300, size=300)
        assert_allclose(values[2], stats.weightedtau(x[drawn], (x + noise)[drawn]).statistic, atol=1e-12)


@given(
    arrays(np.float64, 60, elements=st.integers(0, 12).map(float)),
    arrays(np.float64, 60, elements=st.integers(0, 12).map(float)),
    st.floats(0.05, 3.0),
)
def test_signs_times_counts_is_the_product_with_the_whole_matrix(x: np.ndarray, y: np.ndarray, run: float) -> None:
    signs = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
    counts = np.random.default_rng(0).integers(0, 5, size=(60, 3)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair_signs, "_RUN", run)
        assert_array_equal(PairSigns(x, y).times(counts), signs @ counts)


def test_memory_bounds_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(3)
    y = generator.normal(size=80)
    rows = y + generator.normal(size=(5, 80))

    def values() -> np.ndarray:
        return resampled_coefficients(rows, y, generator=np.random.default_rng(0), resamples=30, jackknife=True).values

    whole = values()
    monkeypatch.setattr(resampled, "_VALUES_AT_ONCE", 7 * 80)
    monkeypatch.setattr(resampled, "_BYTES_OF_PLANS", 1)
    assert_allclose(values(), whole, rtol=1e-13)


def test_only_what_is_wanted_is_computed() -> None:
    generator = np.random.default_rng(4)
    x, y = generator.normal(size=(2, 50))
    every = resampled_coefficients([x], y, generator=np.random.default_rng(0), resamples=5)
    for place, name in enumerate(("spearman", "kendall_tau_b", "weighted_tau", "pearson")):
        one = resampled_coefficients([x], y, generator=np.random.default_rng(0), resamples=5, wanted=[name])
        assert_array_equal(one.values[..., place], every.values[..., place])
        assert np.isnan(np.delete(one.values, place, axis=2)).all()


@pytest.mark.parametrize("size", [2, 499, 500, 501, 1203])
def test_the_jackknife_leaves_every_architecture_out_once(size: int) -> None:
    groups = resampled._groups(size)
    sizes = np.bincount(groups)
    assert len(sizes) == min(size, 500)
    assert sizes.max() - sizes.min() <= 1
    assert sizes.sum() == size


def test_what_is_left_out_is_scipys_without_it() -> None:
    generator = np.random.default_rng(5)
    x, y = generator.normal(size=(2, 30)).round(1)
    found = resampled_coefficients([x], y, generator=generator, resamples=1, jackknife=True)
    for place, coefficient in enumerate(SCIPY):
        expected = [coefficient(np.delete(x, i), np.delete(y, i)) for i in range(30)]
        assert_allclose(found.left_out[0, :, place], expected, atol=1e-12)


def test_the_resamples_are_those_without_the_jackknife() -> None:
    x, y = np.random.default_rng(6).normal(size=(2, 600))
    with_it, without = (
        resampled_coefficients([x], y, generator=np.random.default_rng(0), resamples=3, jackknife=jackknife)
        for jackknife in (True, False)
    )
    assert_array_equal(with_it.values, without.values)
    assert with_it.left_out.shape == (1, 500, 4)
    assert without.left_out.shape == (1, 0, 4)


def test_pearson_without_the_only_outlier_keeps_its_digits() -> None:
    generator = np.random.default_rng(7)
    x, y = generator.normal(size=(2, 12))
    x[0], y[3] = 1e9, -1e200
    counts = np.array([np.bincount(generator.integers(12, size=12), minlength=12) for _ in range(40)]).T
    expected = []
    for column in counts.T:
        drawn = np.repeat(np.arange(12), column)
        expected.append(stats.pearsonr(x[drawn], y[drawn] / 2.0**600).statistic)
    assert_allclose(pearson(x[None], y, counts.astype(np.float32))[0], expected, atol=1e-9)


@pytest.mark.parametrize("size", [1, 63, 64, 65, 1000])
def test_running_sums_are_numpys(size: int) -> None:
    counts = np.random.default_rng(0).integers(0, 9, size=(size, 3)).astype(np.float32)
    assert_array_equal(running_sums(counts), np.cumsum(counts, axis=0))


def test_half_integers_are_exact_in_the_type_that_is_chosen() -> None:
    for size in (423_624, 2**23, 2**23 + 1, 2**40):
        kind = whole_type(size)
        assert kind(size - 0.5) == size - 0.5
        assert kind(size) - kind(0.5) == size - 0.5


@pytest.mark.slow
def test_the_size_of_nas_bench_101_with_ties() -> None:
    n = 423_624
    generator = np.random.default_rng(8)
    y = generator.normal(90, 2, size=n).round(2)
    x = (y + generator.normal(size=n)).round(2)
    found = resampled_coefficients([x], y, generator=np.random.default_rng(0), resamples=1)
    drawn = np.random.default_rng(0).integers(n, size=n)
    assert_allclose(found.values[0, 0], [one(x[drawn], y[drawn]) for one in SCIPY], atol=1e-12)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([], "at least one proxy"),
        ([1.0, 2.0, 3.0], "at least one proxy"),
        ([[1.0, 2.0, 3.0], [1.0, 2.0, np.nan]], "proxy 1 \\(from 0\\): scores: 1 NaN"),
        ([[1.0, 2.0]], "must pair up"),
    ],
)
def test_bad_scores_are_named(scores: list[object], message: str) -> None:
    with pytest.raises(ScoresError, match=message):
        resampled_coefficients(scores, [1.0, 2.0, 3.0], generator=np.random.default_rng(0))


def test_unknown_coefficients_are_named() -> None:
    with pytest.raises(ScoresError, match=r"unknown coefficient 'kendall'\. Did you mean 'kendall_tau_b'"):
        resampled_coefficients(np.eye(3), np.arange(3.0), generator=np.random.default_rng(0), wanted=["kendall"])
