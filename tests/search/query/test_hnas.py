"""HNAS: its picks by hand, the expected improvement by numerical integration, and what it must never do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from harness.errors import SearchError
from harness.search.query.gaussian_process import LENGTHS
from harness.search.query.hnas import expected_improvement, hnas
from harness.search.query.oracle import Fidelity, Oracle
from harness.spaces.nasbench201 import NasBench201

NASBENCH201 = NasBench201.choices

CELLS = len(NASBENCH201)


@pytest.fixture(scope="module")
def landscape():
    """Accuracy that is best at a metric of 60 of 100, and a condition number that says nothing."""
    generator = np.random.default_rng(0)
    metric = generator.uniform(0, 100, CELLS)
    accuracy = 94 - (metric - 60) ** 2 / 100 + generator.normal(0, 0.1, CELLS)
    return accuracy, metric, generator.uniform(10, 100, CELLS)


def oracle_of(accuracy, *, runs, budget=1e9):
    return Oracle([Fidelity(accuracy[None], np.full(CELLS, 100.0))], runs=runs, budget_seconds=budget, record=True)


def asked_by(oracle, run):
    return [int(step.cells[run]) for step in oracle.history if step.answered[run]]


def test_the_first_choices_pick_what_the_formula_says(landscape):
    accuracy, metric, condition = landscape
    oracle = oracle_of(accuracy, runs=3)
    hnas(oracle, NASBENCH201, np.random.default_rng(1), metric=metric, condition=condition, queries=5)
    pools = (np.random.default_rng(1).random((3, 2000)) * CELLS).astype(int)
    for run, pool in enumerate(pools.tolist()):
        largest, expected = max(metric[cell] for cell in pool), []
        for target in (0.0, 0.25, 0.5, 0.75, 1.0):
            loss = {
                cell: 10**-2 * abs(metric[cell] ** 2 - (target * largest) ** 2)
                + condition[cell] / (metric[cell] + 1e-6)
                for cell in pool
                if cell not in expected
            }
            expected.append(min(loss, key=loss.get))
        assert asked_by(oracle, run) == expected


def test_it_asks_twenty_times_never_the_same_cell_and_finds_the_hill(landscape):
    accuracy, metric, condition = landscape
    oracle = oracle_of(accuracy, runs=5)
    chosen = hnas(oracle, NASBENCH201, np.random.default_rng(2), metric=metric, condition=condition)
    for run in range(5):
        asked = asked_by(oracle, run)
        assert len(asked) == len(set(asked)) == 20
        assert accuracy[chosen[run]] == accuracy[asked].max()
    assert abs(metric[chosen] - 60).max() < 4  # the first five only try 0, 25, 50, 75 and 100
    first_five = [accuracy[asked_by(oracle, run)[:5]].max() for run in range(5)]
    assert np.mean(accuracy[chosen]) > np.mean(first_five) + 0.5


def test_a_run_out_of_seconds_stops(landscape):
    accuracy, metric, condition = landscape
    oracle = oracle_of(accuracy, runs=2, budget=750.0)
    hnas(oracle, NASBENCH201, np.random.default_rng(3), metric=metric, condition=condition)
    assert oracle.queries.tolist() == [7, 7]


def test_cells_without_numbers_are_never_asked_for(landscape):
    accuracy, metric, condition = landscape
    sparse = np.where(np.arange(CELLS) % 200 == 0, metric, np.nan)
    oracle = oracle_of(accuracy, runs=4)
    hnas(oracle, NASBENCH201, np.random.default_rng(4), metric=sparse, condition=condition)
    for run in range(4):
        asked = asked_by(oracle, run)
        assert asked
        assert np.isfinite(sparse[asked]).all()
        assert len(asked) == len(set(asked)) == 20


def test_a_run_ends_when_its_pool_is_used_up(landscape):
    accuracy, metric, condition = landscape
    few = np.where(np.arange(CELLS) < 7, metric, np.nan)
    oracle = oracle_of(accuracy, runs=2)
    chosen = hnas(oracle, NASBENCH201, np.random.default_rng(4), metric=few, condition=condition)
    assert oracle.queries.tolist() == [7, 7]
    assert chosen.tolist() == [int(np.argmax(accuracy[:7]))] * 2


def test_no_cell_with_both_numbers_is_an_error(landscape):
    accuracy, metric, condition = landscape
    with pytest.raises(SearchError, match="no cell has both the metric and the condition number"):
        hnas(
            oracle_of(accuracy, runs=1),
            NASBENCH201,
            np.random.default_rng(5),
            metric=metric * np.nan,
            condition=condition,
        )


@pytest.mark.parametrize(
    ("sign", "message"), [((-1, 1), "15,625 have M < 0 and 0 have κ <= 0"), ((1, -1), "0 have M < 0 and 15,625 have κ")]
)
def test_numbers_of_the_wrong_sign_are_refused(landscape, sign, message):
    accuracy, metric, condition = landscape
    with pytest.raises(SearchError, match=message):
        hnas(
            oracle_of(accuracy, runs=1),
            NASBENCH201,
            np.random.default_rng(5),
            metric=sign[0] * metric,
            condition=sign[1] * condition,
        )


def posterior(points, values, candidates, length):
    """Likelihood of the standardised values, and mean and deviation at the candidates, by the textbook's formulas."""

    def matern(left, right):
        scaled = np.sqrt(5) * np.linalg.norm(left[:, None] - right[None], axis=-1) / length
        return (1 + scaled + scaled**2 / 3) * np.exp(-scaled)

    standard = (values - values.mean()) / values.std()
    covariance = matern(points, points) + 1e-6 * np.eye(len(points))
    likelihood = stats.multivariate_normal(cov=covariance, allow_singular=True).logpdf(standard)
    across = matern(candidates, points)
    mean = across @ np.linalg.solve(covariance, standard)
    variance = 1 - np.einsum("ij,ji->i", across, np.linalg.solve(covariance, across.T))
    return likelihood, values.mean() + values.std() * mean, values.std() * np.sqrt(variance)


@pytest.mark.parametrize("seed", range(4))
def test_expected_improvement_is_the_integral_over_the_likeliest_process(seed):
    generator = np.random.default_rng(seed)
    points, candidates = generator.uniform(size=(8, 2)) * [1, 4], generator.uniform(size=(6, 2)) * [1, 4]
    values = 90 - 30 * (points[:, 0] - 0.4) ** 2 + generator.normal(0, 0.3, 8)
    length = max(LENGTHS, key=lambda length: posterior(points, values, candidates, length)[0])
    _, mean, deviation = posterior(points, values, candidates, length)
    best = values.max()
    expected = [
        integrate.quad(lambda value, m=m, s=s: (value - best) * stats.norm.pdf(value, m, s), best, best + 12 * s)[0]
        for m, s in zip(mean, deviation, strict=True)
    ]
    np.testing.assert_allclose(expected_improvement(points, values, candidates), expected, rtol=1e-5, atol=1e-9)


def test_answers_that_are_all_alike_break_nothing():
    points = np.random.default_rng(0).uniform(size=(5, 2))
    found = expected_improvement(points, np.full(5, 90.0), np.random.default_rng(1).uniform(size=(3, 2)))
    assert np.isfinite(found).all()
