"""Regularised (ageing) evolution: REA of Real et al., "Regularized Evolution for Image Classifier Architecture Search".

AAAI 2019, with the settings of NAS-Bench-201.
"""

from __future__ import annotations

import numpy as np

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, IndexedSpace, drawn, mutated
from harness.search.query.oracle import Oracle

POPULATION = 10
TOURNAMENT = 3


def regularised_evolution(
    oracle: Oracle, space: IndexedSpace, draws: Draws, *, population: int = POPULATION, tournament: int = TOURNAMENT
) -> CellArray:
    """The best of all cells asked for, shape [R].

    `population` random cells; then again and again the best of `tournament` members, drawn with replacement (the first
    drawn among equals), has a mutated child, which takes the place of the oldest member.

    Source: `exps/algos/R_EA.py` of AutoDL-Projects (28e4b84). It asks for its first population whatever the budget;
    here the budget holds from the first query on.
    """
    members = drawn(draws.random((oracle.runs, population)), len(space))
    return evolved(oracle, space, draws, members, tournament=tournament)


def evolved(
    oracle: Oracle, space: IndexedSpace, draws: Draws, members: CellArray, *, tournament: int = TOURNAMENT
) -> CellArray:
    """Regularised evolution from a given first population.

    Args:
        oracle: answers and counts.
        space: of the cells.
        draws: random numbers.
        members: the first population of each run, shape [R, P], the first to die first.
        tournament: members drawn for each child.
    """
    runs, population = members.shape
    members, row = members.copy(), np.arange(runs)
    values = np.stack([oracle.query(members[:, place]).values for place in range(population)], axis=1)
    oldest = 0
    while oracle.is_open.any():
        sample = (oldest + drawn(draws.random((runs, tournament)), population)) % population
        parents = sample[row, np.argmax(values[row[:, None], sample], axis=1)]
        children = mutated(space, members[row, parents], draws.random((runs, 3)))
        values[:, oldest] = oracle.query(children).values
        members[:, oldest] = children
        oldest = (oldest + 1) % population
    return oracle.chosen
