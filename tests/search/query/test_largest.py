"""The null model that queries the largest cells."""

from __future__ import annotations

import numpy as np

from harness.search.query.largest import largest
from harness.search.query.oracle import Fidelity, Oracle
from harness.spaces.searches import IndexedSpace

SPACE = IndexedSpace(3, (1, 2))
PARAMS = np.array([5.0, *[7.0] * 6, *[1.0] * 20])
VALUES = np.arange(len(SPACE), dtype=np.float64)


def oracle_of(runs: int, seconds: float = 1.0) -> Oracle:
    fidelity = Fidelity(VALUES[None], np.full(len(SPACE), seconds))
    return Oracle([fidelity], runs=runs, budget_seconds=100.0, record=True)


def asked(oracle: Oracle) -> np.ndarray:
    return np.stack([step.cells for step in oracle.history])


def test_the_largest_cells_are_queried_and_the_best_of_them_is_taken() -> None:
    oracle = oracle_of(50)
    chosen = largest(oracle, SPACE, np.random.default_rng(0), params=PARAMS, queries=7)
    assert asked(oracle)[-1].tolist() == [0] * 50, "the cell of 5 comes after all of 7"
    assert (np.sort(asked(oracle), axis=0) == np.arange(7)[:, None]).all()
    assert chosen.tolist() == [6] * 50


def test_equally_large_cells_come_in_random_order() -> None:
    oracle = oracle_of(6000)
    chosen = largest(oracle, SPACE, np.random.default_rng(1), params=PARAMS, queries=1)
    counts = np.bincount(chosen, minlength=len(SPACE))
    assert counts[[0, *range(7, 27)]].sum() == 0
    assert np.abs(counts[1:7] - 1000).max() < 5 * np.sqrt(1000 * 5 / 6)


def test_seconds_end_a_run() -> None:
    oracle = oracle_of(3, seconds=40.0)
    largest(oracle, SPACE, np.random.default_rng(2), params=PARAMS)
    assert oracle.queries.tolist() == [2, 2, 2]


def test_more_queries_than_cells_are_all_cells() -> None:
    oracle = oracle_of(2)
    assert largest(oracle, SPACE, np.random.default_rng(3), params=PARAMS, queries=99).tolist() == [26, 26]
