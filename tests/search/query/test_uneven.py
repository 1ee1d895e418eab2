"""Spaces with different numbers of operations on their edges. Oracle: the cells listed one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from harness.search.query.controller import Controller, drawn
from harness.search.query.evolution import regularised_evolution
from harness.search.query.indexed import cells_of, choices_of, mutated, neighbours
from harness.search.query.local_search import local_search
from harness.search.query.oracle import Fidelity, Oracle
from harness.search.query.random_search import random_search
from harness.search.query.reinforce import reinforce
from harness.spaces.searches import IndexedSpace

OPTIONS = (2, 3, 1, 4)
SPACE = IndexedSpace(4, (1, 2, 1), options=OPTIONS)
CELLS = list(itertools.product(*map(range, OPTIONS)))


def test_cells_are_numbered_with_the_first_edge_varying_slowest() -> None:
    assert len(SPACE) == len(CELLS)
    assert not SPACE.is_even
    assert SPACE.classes == (1, 2, 1)
    assert choices_of(SPACE, np.arange(len(SPACE))).tolist() == [list(cell) for cell in CELLS]
    assert cells_of(SPACE, np.array(CELLS)).tolist() == list(range(len(CELLS)))


def test_neighbours_differ_in_one_edge() -> None:
    for place, around in enumerate(neighbours(SPACE, np.arange(len(SPACE)))):
        expected = {
            other
            for other, cell in enumerate(CELLS)
            if sum(one != two for one, two in zip(cell, CELLS[place], strict=True)) == 1
        }
        assert sorted(around.tolist()) == sorted(expected)


def test_a_mutation_is_a_neighbour_and_all_of_them_come() -> None:
    two = IndexedSpace(3, (1, 1), options=(2, 3))
    found = mutated(two, np.zeros(500, dtype=np.int64), np.random.default_rng(0).random((500, 3)))
    assert set(found.tolist()) == set(neighbours(two, np.zeros(1, dtype=np.int64))[0].tolist())


def test_a_policy_draws_no_operation_that_an_edge_does_not_have() -> None:
    generator = np.random.default_rng(0)
    probabilities = Controller(50, SPACE, generator, learning_rate=0.1).probabilities()
    assert probabilities.sum(axis=-1) == pytest.approx(np.ones((50, 4)))
    for edge, count in enumerate(OPTIONS):
        assert (probabilities[:, edge, count:] == 0).all()
    almost_one = np.full((50, 4), np.nextafter(1.0, 0.0))
    assert (drawn(probabilities, almost_one) == np.array(OPTIONS) - 1).all()


@pytest.mark.parametrize("search", [random_search, regularised_evolution, local_search, reinforce])
def test_searches_find_the_best_of_a_small_space(search) -> None:
    values = np.random.default_rng(1).permutation(len(SPACE)).astype(float)
    oracle = Oracle([Fidelity(values[None], np.ones(len(SPACE)))], runs=10, budget_seconds=400.0)
    assert (search(oracle, SPACE, np.random.default_rng(2)) == values.argmax()).all()
