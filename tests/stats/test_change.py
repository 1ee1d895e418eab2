"""Oracles: scipy pair by pair, and a plain loop over the same resamples."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from harness.errors import ScoresError
from harness.stats import change_of_ranking

N, RESAMPLES = 30, 40


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Before, after, accuracies, with ties."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=N) + np.array([[0.3], [0.8], [0.1]]) * generator.normal(size=(3, N))
    return values.round(1)


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    return float(stats.spearmanr(first, second).statistic)


def test_every_coefficient_is_scipys(rows: np.ndarray) -> None:
    before, after, accuracies = rows
    found = change_of_ranking(before, after, accuracies, generator=np.random.default_rng(1), resamples=3)
    assert found.spearman.value == pytest.approx(spearman(before, after), abs=1e-12)
    assert found.kendall_tau_b.value == pytest.approx(stats.kendalltau(before, after).statistic, abs=1e-12)
    assert found.ranking_before.value == pytest.approx(spearman(before, accuracies), abs=1e-12)
    assert found.ranking.value == pytest.approx(spearman(after, accuracies), abs=1e-12)
    assert found.difference.value == pytest.approx(found.ranking.value - found.ranking_before.value, abs=1e-12)


def test_intervals_are_those_of_one_plain_loop(rows: np.ndarray) -> None:
    before, after, accuracies = rows
    found = change_of_ranking(before, after, accuracies, generator=np.random.default_rng(2), resamples=RESAMPLES)
    drawn = np.random.default_rng(2)
    values = []
    for _ in range(RESAMPLES):
        b, a, y = rows[:, drawn.integers(N, size=N)]
        tau = float(stats.kendalltau(b, a).statistic)
        values.append([spearman(b, a), tau, spearman(b, y), spearman(a, y), spearman(a, y) - spearman(b, y)])
    ends = np.percentile(values, [2.5, 97.5], axis=0).T
    assert_allclose([item[1:] for item in found[:5]], ends, atol=1e-12)
    deviation = np.std([row[4] for row in values], ddof=1)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(found.difference.value) / deviation), rel=1e-9)


def test_the_generator_moves_on_by_the_resamples_alone(rows: np.ndarray) -> None:
    generator, plain = np.random.default_rng(3), np.random.default_rng(3)
    change_of_ranking(*rows, generator=generator, resamples=7)
    plain.integers(N, size=(7, N))
    assert generator.integers(1000) == plain.integers(1000)


def test_scores_that_stay_as_they_are_lose_nothing(rows: np.ndarray) -> None:
    found = change_of_ranking(rows[0], 3 * rows[0], rows[2], generator=np.random.default_rng(0), resamples=9)
    assert found.spearman == pytest.approx((1, 1, 1))
    assert found.difference == (0, 0, 0)
    assert found.p == 1


@pytest.mark.parametrize("constant", [0, 1, 2])
def test_what_ranks_nothing_has_no_coefficients(rows: np.ndarray, constant: int) -> None:
    given = rows.copy()
    given[constant] = 4.0
    found = change_of_ranking(*given, generator=np.random.default_rng(0), resamples=9)
    assert np.isnan([*found.spearman, *found.ranking_before, *found.ranking, *found.difference, found.p]).all()


def test_refused(rows: np.ndarray) -> None:
    for given, options, message in (
        (rows[:, :2], {}, "at least 3 architectures are needed; got 2"),
        ([rows[0], rows[1][:5], rows[2]], {}, "must pair up; got 5 scores"),
        (rows, {"confidence": 1.0}, "confidence must lie between 0 and 1"),
        (rows, {"resamples": 0}, "resamples must be at least 1"),
    ):
        with pytest.raises(ScoresError, match=message):
            change_of_ranking(*given, generator=np.random.default_rng(0), **options)
