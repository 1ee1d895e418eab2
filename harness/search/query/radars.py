"""RADARS on a table: REINFORCE prunes the operations of each edge, then the cells that are left are queried.

Yan, Jiang, Hu and Shi, "RADARS: Memory Efficient Reinforcement Learning Aided Differentiable Neural Architecture
Search", 2021 (arXiv 2109.05691). Of the paper the abstract alone was read: reinforcement learning prunes undesired
candidates iteratively and finds a sub-space, in which a differentiable search runs. What follows is our reading of that
on a table, where the last part, which shares weights, cannot be had: the cells of the sub-space are queried instead.
"""

from __future__ import annotations

import numpy as np

from harness.search.query.controller import Controller, drawn
from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, FloatArray, cells_of
from harness.search.query.oracle import BoolArray, Oracle
from harness.spaces.searches import IndexedSpace

KEEP = 2
ROUND = 20
LEARNING_RATE = 2 / ROUND
"""By which θ can move by about two nats in a round."""


def radars(oracle: Oracle, space: IndexedSpace, draws: Draws, *, keep: int = KEEP, queries: int = ROUND) -> CellArray:
    """The best of all queried cells, shape [R].

    In a round, a number of cells is drawn from softmax(θ) over the operations that are left, queried, and θ is moved by
    REINFORCE (`controller`); then each edge loses the operation of the lowest θ. When each edge has `keep` operations,
    the cells of the sub-space that were not queried are queried in random order, as long as the seconds last.

    Args:
        oracle: answers the queries and counts their cost.
        space: the space of the cells.
        draws: source of random numbers.
        keep: number of operations that each edge keeps.
        queries: number of queries in a round.

    Our choices: two operations an edge, 64 cells of NAS-Bench-201, since the seconds of published comparisons pay for
    a hundred queries; rounds of 20; and the learning rate. That of `reinforce` is a tenth of it, so that what pruning
    adds is seen beside `reinforce_fast`, which has the same.
    """
    policy = Controller(oracle.runs, space, draws, learning_rate=LEARNING_RATE)
    return _pruned(oracle, space, draws, policy, keep, queries)


def random_pruning(
    oracle: Oracle, space: IndexedSpace, draws: Draws, *, keep: int = KEEP, queries: int = ROUND
) -> CellArray:
    """The null model of `radars`: the operations that go are random, and so are the cells of its rounds, shape [R].

    Arguments are those of `radars`.
    """
    return _pruned(oracle, space, draws, _Chance(oracle.runs, space, draws), keep, queries)


class _Chance:
    """The policy of the null model: uniform over what is kept, and a random order in which operations go."""

    def __init__(self, runs: int, space: IndexedSpace, draws: Draws) -> None:
        self.theta: FloatArray = draws.random((runs, space.edges, space.operations))

    def probabilities(self, kept: BoolArray) -> FloatArray:
        """Equal ones over the operations that are kept, [R, E, O]."""
        return np.asarray(kept / kept.sum(axis=-1, keepdims=True))

    def learn(self, probabilities: FloatArray, choices: CellArray, reward: FloatArray) -> None:
        """Nothing."""


def _pruned(
    oracle: Oracle, space: IndexedSpace, draws: Draws, policy: Controller | _Chance, keep: int, queries: int
) -> CellArray:
    """Rounds of queries by a policy, each edge losing an operation after each; then the cells that are left."""
    kept: BoolArray = np.ones(policy.theta.shape, dtype=np.bool_)
    seen = np.zeros((oracle.runs, len(space)), dtype=np.bool_)
    runs = np.arange(oracle.runs)
    for _ in range(space.operations - keep):
        for _ in range(queries):
            probabilities = policy.probabilities(kept)
            choices = drawn(probabilities, draws.random((oracle.runs, space.edges)))
            step = oracle.query(cells_of(space, choices))
            seen[runs, step.cells] |= step.answered
            policy.learn(probabilities, choices, np.nan_to_num(step.values))
        kept = without_lowest(policy.theta, kept)
    return _queried_rest(oracle, space, draws, kept, seen)


def without_lowest(theta: FloatArray, kept: BoolArray) -> BoolArray:
    """The kept operations [R, E, O] without the one of the lowest θ on each edge; of equal ones the first goes."""
    lowest = np.where(kept, theta, np.inf).argmin(axis=-1)
    return np.asarray(kept & (np.arange(theta.shape[-1]) != lowest[:, :, None]))


def _queried_rest(oracle: Oracle, space: IndexedSpace, draws: Draws, kept: BoolArray, seen: BoolArray) -> CellArray:
    """Query the cells of each run's sub-space that it has not queried, in random order; the best of all is chosen."""
    places = np.stack([np.flatnonzero(row) for row in kept.reshape(-1, space.operations)]).reshape(
        oracle.runs, space.edges, -1
    )
    count = places.shape[-1]
    every = np.indices((count,) * space.edges).reshape(space.edges, -1)
    choices = np.take_along_axis(places, np.broadcast_to(every, (oracle.runs, *every.shape)), axis=2)
    cells = cells_of(space, choices.transpose(0, 2, 1))
    known = np.take_along_axis(seen, cells, axis=1)
    order = np.argsort(draws.random(cells.shape) + known, axis=1)  # those that are known come last
    left = (~known).sum(axis=1)
    for place in range(cells.shape[1]):
        asking = place < left
        if not (asking & oracle.is_open).any():
            break
        oracle.query(np.take_along_axis(cells, order[:, place : place + 1], axis=1)[:, 0], asking)
    return oracle.chosen
