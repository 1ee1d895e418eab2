"""Oracles: scipy pair by pair, and a plain loop over the same resamples."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from harness.errors import ScoresError
from harness.stats import rank_stability


@pytest.fixture(scope="module")
def scores() -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.normal(size=35) + 0.5 * generator.normal(size=(3, 35))


def test_the_matrix_and_its_mean_are_scipys(scores):
    found = rank_stability(scores, generator=np.random.default_rng(0), resamples=5, coefficient="kendall_tau_b")
    taus = [stats.kendalltau(scores[i], scores[j]).statistic for i, j in combinations(range(3), 2)]
    assert_allclose(found.matrix[np.triu_indices(3, 1)], taus, atol=1e-12)
    assert_allclose(found.matrix, found.matrix.T)
    assert_allclose(np.diag(found.matrix), 1)
    assert found.mean == pytest.approx(np.mean(taus), abs=1e-12)


def test_intervals_equal_a_plain_loop(scores):
    found = rank_stability(scores, generator=np.random.default_rng(4), resamples=50)
    drawn = np.random.default_rng(4)
    rows = []
    for _ in range(50):
        chosen = drawn.integers(35, size=35)
        rows.append(
            [stats.spearmanr(scores[i][chosen], scores[j][chosen]).statistic for i, j in combinations(range(3), 2)]
        )
    ends = np.percentile(rows, [2.5, 97.5], axis=0)
    assert_allclose(found.low[np.triu_indices(3, 1)], ends[0], atol=1e-12)
    assert_allclose(found.high[np.triu_indices(3, 1)], ends[1], atol=1e-12)
    assert_allclose(found.interval, np.percentile(np.mean(rows, axis=1), [2.5, 97.5]), atol=1e-12)


def test_settings_that_rank_alike_and_one_that_ranks_nothing(scores):
    alike = rank_stability([scores[0], 2 * scores[0], scores[0] ** 3], generator=np.random.default_rng(0), resamples=9)
    assert_allclose(alike.matrix, 1)
    assert alike.interval == pytest.approx((1, 1))
    flat = rank_stability([scores[0], np.zeros(35)], generator=np.random.default_rng(0), resamples=9)
    assert np.isnan(flat.matrix[0, 1])
    assert np.isnan(flat.matrix[1, 1])
    assert np.isnan(flat.mean)


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (np.ones((1, 5)), {}, r"shape \[2 or more settings, architectures\]; got \[1, 5\]"),
        (np.ones(5), {}, r"got \[5\]"),
        ([[1.0, 2.0, np.nan], [1.0, 2.0, 3.0]], {}, "1 NaN"),
        (np.eye(3), {"coefficient": "tau"}, "unknown coefficient 'tau'"),
    ],
)
def test_refusals(rows, options, message):
    with pytest.raises(ScoresError, match=message):
        rank_stability(rows, generator=np.random.default_rng(0), **options)
