"""What searches are worth, against exact expectations and known optima."""

from __future__ import annotations

import numpy as np
import pytest

from harness.search.query.evolution import regularised_evolution
from harness.search.query.indexed import cells_of, neighbours
from harness.search.query.local_search import local_search
from harness.search.query.oracle import Fidelity, Oracle
from harness.search.query.proxy_guided import best_of_samples
from harness.search.query.random_search import random_search
from harness.search.query.reinforce import reinforce
from harness.search.query.successive_halving import successive_halving
from harness.spaces.nasbench201 import NasBench201
from harness.spaces.searches import IndexedSpace
from harness.stats import best_of_random

NASBENCH201 = NasBench201.choices

RUNS = 4000
SMALL = IndexedSpace(3, (1, 2))


@pytest.fixture(scope="module")
def asked():
    return np.round(np.random.default_rng(1).normal(70, 10, len(NASBENCH201)))


@pytest.fixture(scope="module")
def reported(asked):
    return asked + np.random.default_rng(2).normal(0, 5, len(asked))


def oracle_of(values, *, runs, budget, seconds=100.0):
    return Oracle(
        [Fidelity(values[None], np.full(len(values), seconds))], runs=runs, budget_seconds=budget, record=True
    )


def assert_expected(found, expected):
    assert found.mean() == pytest.approx(expected.mean, abs=4 * expected.deviation / np.sqrt(len(found)))
    assert found.std() == pytest.approx(expected.deviation, rel=0.1)


@pytest.mark.parametrize("queries", [1, 3, 20])
def test_random_search_is_the_best_of_as_many_as_the_budget_pays_for(queries, asked, reported):
    oracle = oracle_of(asked, runs=RUNS, budget=100.0 * queries + 50)
    chosen = random_search(oracle, NASBENCH201, np.random.default_rng(0))
    assert (oracle.queries == queries).all()
    assert_expected(reported[chosen], best_of_random(asked, reported, queries))


def test_the_best_of_samples_has_its_exact_expectation(asked, reported):
    oracle = oracle_of(asked, runs=RUNS, budget=1.0)
    chosen = best_of_samples(oracle, NASBENCH201, np.random.default_rng(0), scores=asked, samples=10)
    assert_expected(reported[chosen], best_of_random(asked, reported, 10))


def test_successive_halving_trains_the_best_of_the_first_rung(asked, reported):
    # 20 cells at 100 s take half of 4,000 s, two at 1,000 s the other half: the better of the two best of 20
    fidelities = [Fidelity(asked[None], np.full(len(asked), 100.0)), Fidelity(reported[None], np.full(len(asked), 1e3))]
    oracle = Oracle(fidelities, runs=300, budget_seconds=4_000, record=True)
    chosen = successive_halving(oracle, NASBENCH201, np.random.default_rng(0))
    assert (oracle.queries == 22).all()
    assert (oracle.spent == 4_000).all()
    first = np.array([step.cells for step in oracle.history[:20]]).T
    for run in range(300):
        assert len(set(first[run])) == 20
        best_two = sorted(first[run], key=lambda cell: -asked[cell])[:2]
        assert chosen[run] == max(best_two, key=lambda cell: reported[cell])


def test_local_search_climbs_a_hill_to_its_top():
    effects = np.random.default_rng(3).permutation(30).reshape(6, 5).astype(float)
    digits = np.stack(np.unravel_index(np.arange(len(NASBENCH201)), (5,) * 6), axis=1)
    values = effects[np.arange(6), digits].sum(axis=1)
    oracle = oracle_of(values, runs=100, budget=100.0 * (1 + 24 * 7), seconds=100.0)  # 6 steps at most, and a last look
    chosen = local_search(oracle, NASBENCH201, np.random.default_rng(0))
    assert (values[chosen] == values.max()).all()


def test_local_search_leaves_a_cell_for_a_random_one_only_at_a_local_optimum():
    values = np.random.default_rng(4).integers(0, 9, len(SMALL)).astype(float)
    oracle = oracle_of(values, runs=40, budget=1e9)
    local_search(oracle, SMALL, np.random.default_rng(0))
    around = neighbours(SMALL, np.arange(len(SMALL)))
    optima = set(np.flatnonzero(values >= values[around].max(axis=1)).tolist())
    for run in range(40):
        asked = [int(step.cells[run]) for step in oracle.history if step.answered[run]]
        assert sorted(asked) == list(range(len(SMALL)))  # each once, and the whole space in the end
        left = set()
        for place, cell in enumerate(asked[1:], start=1):
            known = asked[:place]
            if not any(cell in around[one] for one in known):  # a jump: some local optimum is known whole
                left |= {one for one in known if one in optima and set(around[one].tolist()) <= set(known)}
                assert left


def test_evolution_and_reinforce_beat_random_search_where_neighbours_are_alike():
    effects = np.random.default_rng(5).normal(0, 3, size=(6, 5))
    digits = np.stack(np.unravel_index(np.arange(len(NASBENCH201)), (5,) * 6), axis=1)
    values = 70 + effects[np.arange(6), digits].sum(axis=1)
    best = {}
    for search in (random_search, regularised_evolution, reinforce):
        oracle = oracle_of(values, runs=300, budget=10_000)
        best[search] = values[search(oracle, NASBENCH201, np.random.default_rng(0))].mean()
    assert best[regularised_evolution] > best[reinforce] > best[random_search]


def test_an_indexed_cell_is_its_place(asked):
    choices = np.random.default_rng(6).integers(0, 5, size=(100, 6))
    assert np.array_equal(cells_of(NASBENCH201, choices), np.ravel_multi_index(choices.T, (5,) * 6))
