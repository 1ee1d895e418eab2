"""Both taus of many resamples at once, against scipy on each resample written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from harness.stats import resampled_tau
from harness.stats.bootstrap import bootstrap_intervals
from harness.stats.resampled_tau import resampled_taus

SMALL = arrays(np.float64, 9, elements=st.integers(-2, 2).map(float))


@given(SMALL, SMALL, st.integers(0, 1000))
def test_they_are_scipys_with_any_ties(x: np.ndarray, y: np.ndarray, seed: int) -> None:
    drawn = np.random.default_rng(seed).integers(9, size=(6, 9))
    drawn = drawn[[len(set(x[row])) > 1 and len(set(y[row])) > 1 for row in drawn]]
    counts = np.array([np.bincount(row, minlength=9) for row in drawn]).reshape(len(drawn), 9)
    if not len(drawn):
        return
    taus = resampled_taus(x, y, counts)
    for row, (kendall, weighted) in zip(drawn, taus, strict=True):
        assert kendall == pytest.approx(stats.kendalltau(x[row], y[row]).statistic, abs=1e-12)
        assert weighted == pytest.approx(stats.weightedtau(x[row], y[row]).statistic, abs=1e-12)


def test_at_the_largest_size_and_above_intervals_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(3)
    x = generator.normal(size=300).round(1)
    y = x + generator.normal(size=300)
    fast = bootstrap_intervals(x, y, generator=np.random.default_rng(0), resamples=50)
    monkeypatch.setattr("harness.stats.bootstrap.LARGEST", 299)
    slow = bootstrap_intervals(x, y, generator=np.random.default_rng(0), resamples=50)
    assert np.array(fast) == pytest.approx(np.array(slow), rel=1e-12)


def test_whole_numbers_of_the_largest_size_are_exact_in_float32() -> None:
    assert resampled_tau.LARGEST < 2**24
