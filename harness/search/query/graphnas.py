"""REINFORCE with one recurrent controller that draws all choices in turn, as GraphNAS runs it.

Gao, Yang, Zhang, Zhou & Hu, "Graph Neural Architecture Search", IJCAI 2020, after Zoph & Le 2017. The paper was not
read: the controller is that of `agnn`, and the search is the one that AGNN is held against, in our reading.
"""

from __future__ import annotations

import numpy as np

from harness.search.query.agnn import sampled
from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, cells_of
from harness.search.query.oracle import Oracle
from harness.spaces.searches import IndexedSpace


def graphnas(oracle: Oracle, space: IndexedSpace, draws: Draws) -> CellArray:
    """The best of all queried cells, shape [R].

    The controller draws the first choice from its first state, reads it, draws the next, and so on. The reward is the
    answer, the baseline its moving average, and Adam takes a step after every query.

    Args:
        oracle: answers the queries and counts their cost.
        space: the space of the cells.
        draws: source of random numbers.
    """
    import torch

    from harness.search.query.recurrent import Baseline, RecurrentPolicy

    first = np.cumsum([1, *space.options])  # symbol 0 stands for the start
    policy = RecurrentPolicy(oracle.runs, 1 + sum(space.options), space.options, draws)
    baseline = Baseline(oracle.runs)
    while oracle.is_open.any():
        state = policy.read(policy.begin(), np.zeros(oracle.runs, dtype=np.int64))
        found, log_probability = [], torch.zeros(oracle.runs, device="cpu")
        for edge in range(space.edges):
            (logs,) = policy.log_probabilities(state, range(edge, edge + 1))
            option, log_of_it = sampled(logs, draws)
            found.append(option)
            log_probability = log_probability + log_of_it
            state = policy.read(state, first[edge] + option)
        query = oracle.query(cells_of(space, np.stack(found, axis=1)))
        advantage = baseline.advantage(np.nan_to_num(query.values), query.answered)
        policy.learn(log_probability, torch.from_numpy(advantage).float(), torch.from_numpy(query.answered))
    return oracle.chosen
