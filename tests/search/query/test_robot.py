"""RoBoT: its picks by a plain reference, the bound by the textbook's process, and what it must never do."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from harness.errors import SearchError
from harness.proxies.scaled_sums import weighted_sum
from harness.search.query import robot as robot_module
from harness.search.query.gaussian_process import posterior
from harness.search.query.oracle import Fidelity, Oracle
from harness.search.query.robot import KAPPA, robot, robot_weights
from harness.spaces.nasbench201 import NasBench201

NASBENCH201 = NasBench201.choices
CELLS = len(NASBENCH201)


@pytest.fixture(scope="module")
def landscape():
    """Accuracy, and four metrics: a noisy half of it, minus the other half, noise, and one number for all cells."""
    generator = np.random.default_rng(0)
    one, other = generator.normal(size=(2, CELLS))
    accuracy = 90 + one + other
    metrics = np.column_stack(
        [
            1e6 * one + generator.normal(0, 1e5, CELLS),
            -other + generator.normal(0, 0.1, CELLS),
            generator.normal(size=CELLS),
            np.full(CELLS, 7.0),
        ]
    )
    metrics[::3, 2] = np.nan
    return accuracy, metrics


def oracle_of(accuracy, *, runs, budget=1e9):
    return Oracle([Fidelity(accuracy[None], np.full(CELLS, 100.0))], runs=runs, budget_seconds=budget, record=True)


def asked_by(oracle, run):
    return [int(step.cells[run]) for step in oracle.history if step.answered[run]]


def best_sum(metrics, weights, without=()):
    """The cell with the largest weighted sum of scaled metrics, by the definition, cell by cell."""
    columns = []
    for column in metrics.T:
        there = column[~np.isnan(column)]
        width = there.max() - there.min() or 1.0
        columns.append([0.0 if math.isnan(score) else (score - there.min()) / width for score in column])
    sums = [
        -math.inf
        if cell in without or np.isnan(metrics[cell]).all()
        else sum(weight * column[cell] for weight, column in zip(weights, columns, strict=True))
        for cell in range(len(metrics))
    ]
    return max(range(len(sums)), key=sums.__getitem__)


class Recording:
    """Random numbers, and the last that were drawn, from -1 to 1."""

    def __init__(self, seed):
        self._generator = np.random.default_rng(seed)

    def random(self, size):
        found = self._generator.random(size)
        self.last = 2 * found - 1
        return found

    def standard_normal(self, size):
        return self._generator.standard_normal(size)


def by_reference(accuracy, metrics, seed, queries):
    """The cells that one run asks for, in their order."""
    draws = np.random.default_rng(seed)
    vectors, values, asked = [], [], []
    for place in range(queries):
        if place:
            candidates = 2 * draws.random((10_000, metrics.shape[1])) - 1
            mean, deviation = posterior(np.array(vectors), np.array(values), candidates)
            vectors.append(candidates[int(np.argmax(mean + 2.576 * deviation))])
        else:
            vectors.append(2 * draws.random(metrics.shape[1]) - 1)
        cell = best_sum(metrics, vectors[-1])
        values.append(accuracy[cell])
        if cell not in asked:
            asked.append(cell)
    best = max(range(queries), key=lambda place: (values[place], place))
    while len(asked) < queries:
        asked.append(best_sum(metrics, vectors[best], without=asked))
    return asked


@pytest.mark.parametrize("seed", range(3))
def test_its_queries_are_those_of_the_definition(landscape, seed):
    accuracy, metrics = landscape
    few = metrics.copy()
    few[400:] = np.nan
    few[7] = np.nan
    oracle = oracle_of(accuracy, runs=1)
    chosen = robot(oracle, NASBENCH201, np.random.default_rng(seed), metrics=few, queries=8)
    expected = by_reference(accuracy, few, seed, 8)
    assert asked_by(oracle, 0) == expected
    assert len(set(expected)) == 8
    assert chosen.tolist() == [max(expected, key=lambda cell: accuracy[cell])]


def test_several_runs_are_each_a_run_of_its_own(landscape):
    accuracy, metrics = landscape
    oracle = oracle_of(accuracy, runs=3)
    chosen = robot(oracle, NASBENCH201, np.random.default_rng(3), metrics=metrics, queries=10)
    asked = [asked_by(oracle, run) for run in range(3)]
    assert [len(set(cells)) for cells in asked] == [10, 10, 10]
    assert len({tuple(cells) for cells in asked}) == 3
    assert [accuracy[cells].max() for cells in asked] == accuracy[chosen].tolist()


def test_it_turns_metrics_round_and_weighs_them(landscape):
    """The best of 20 cells by the right sum is far better than by any single metric, and than 20 random cells."""
    accuracy, metrics = landscape
    oracle = oracle_of(accuracy, runs=6)
    chosen = robot(oracle, NASBENCH201, np.random.default_rng(4), metrics=metrics)
    alone = max(accuracy[np.argsort(sign * metrics[:, 0])[-20:]].max() for sign in (1, -1))
    assert accuracy[chosen].mean() > alone
    assert accuracy[chosen].mean() > np.quantile(accuracy, 0.999)


def test_the_next_vector_has_the_largest_upper_confidence_bound():
    generator = np.random.default_rng(5)
    vectors, values = generator.uniform(-1, 1, (6, 2)), generator.normal(size=6)
    draws = Recording(6)
    found = robot_module._next(vectors, values, draws, 2)
    mean, deviation = posterior(vectors, values, draws.last)
    bounds = mean + KAPPA * deviation
    assert bounds[(draws.last == found).all(axis=1)].tolist() == [bounds.max()]


def test_a_run_out_of_seconds_stops(landscape):
    accuracy, metrics = landscape
    oracle = oracle_of(accuracy, runs=2, budget=750.0)
    chosen = robot(oracle, NASBENCH201, np.random.default_rng(7), metrics=metrics)
    assert oracle.queries.tolist() == [7, 7]
    assert [accuracy[asked_by(oracle, run)].max() for run in range(2)] == accuracy[chosen].tolist()


def test_a_run_ends_when_all_cells_with_a_score_are_asked_for(landscape):
    accuracy, metrics = landscape
    few = metrics.copy()
    few[5:] = np.nan
    oracle = oracle_of(accuracy, runs=2)
    chosen = robot(oracle, NASBENCH201, np.random.default_rng(8), metrics=few)
    assert [sorted(asked_by(oracle, run)) for run in range(2)] == [[0, 1, 2, 3, 4]] * 2
    assert chosen.tolist() == [int(np.argmax(accuracy[:5]))] * 2


@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "no cell has a score"), (np.inf, "finite metrics: 62,500 scores are infinite")]
)
def test_metrics_that_say_nothing_are_refused(landscape, value, message):
    accuracy, metrics = landscape
    with pytest.raises(SearchError, match=message):
        robot(oracle_of(accuracy, runs=1), NASBENCH201, np.random.default_rng(9), metrics=np.full_like(metrics, value))


def test_its_weights_rank_by_the_weighted_sum_as_it_queries(landscape):
    """What follows the exploration are the best cells by the weights, of those that are not known."""
    accuracy, metrics = landscape
    oracle = oracle_of(accuracy, runs=1)
    robot(oracle, NASBENCH201, np.random.default_rng(5), metrics=metrics, queries=8)
    asked = asked_by(oracle, 0)
    again = oracle_of(accuracy, runs=1)
    weights = robot_weights(again, np.random.default_rng(5), metrics=metrics, queries=8)
    explored = asked_by(again, 0)
    assert explored == asked[: len(explored)]
    sums = weighted_sum(pd.DataFrame(metrics), range(metrics.shape[1]), weights[0])
    order = [cell for cell in sums.sort_values(ascending=False, kind="stable").index if cell not in explored]
    assert asked[len(explored) :] == order[: 8 - len(explored)]
    assert max(explored, key=lambda cell: accuracy[cell]) == sums.idxmax()
