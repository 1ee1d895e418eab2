"""Regularised (ageing) evolution, REA, with the settings of NAS-Bench-201.

Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019.
"""

from __future__ import annotations

import numpy as np

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, integers_below, mutated
from harness.search.query.oracle import Oracle
from harness.spaces.searches import IndexedSpace

POPULATION = 10
TOURNAMENT = 3


def regularised_evolution(
    oracle: Oracle, space: IndexedSpace, draws: Draws, *, population: int = POPULATION, tournament: int = TOURNAMENT
) -> CellArray:
    """The best of all queried cells, shape [R].

    The first population are random cells. In each step, the best of `tournament` members, drawn with replacement (of
    equals the first drawn), gets a mutated child, which replaces the oldest member.

    Source: `exps/algos/R_EA.py` of AutoDL-Projects (28e4b84). It queries its first population whatever the budget;
    here the budget applies from the first query on.
    """
    members = integers_below(draws.random((oracle.runs, population)), len(space))
    return evolved(oracle, space, draws, members, tournament=tournament)


def evolved(
    oracle: Oracle, space: IndexedSpace, draws: Draws, members: CellArray, *, tournament: int = TOURNAMENT
) -> CellArray:
    """Regularised evolution from a given first population.

    Args:
        oracle: answers the queries and counts their cost.
        space: the space of the cells.
        draws: source of random numbers.
        members: the first population of each run, shape [R, P], the oldest first.
        tournament: number of members that are drawn for each child.
    """
    runs, population = members.shape
    members, row = members.copy(), np.arange(runs)
    values = np.stack([oracle.query(members[:, place]).values for place in range(population)], axis=1)
    oldest = 0
    while oracle.is_open.any():
        sample = (oldest + integers_below(draws.random((runs, tournament)), population)) % population
        parents = sample[row, np.argmax(values[row[:, None], sample], axis=1)]
        children = mutated(space, members[row, parents], draws.random((runs, 3)))
        values[:, oldest] = oracle.query(children).values
        members[:, oldest] = children
        oldest = (oldest + 1) % population
    return oracle.chosen
