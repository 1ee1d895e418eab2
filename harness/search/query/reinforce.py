"""REINFORCE (Williams 1992) with one categorical distribution per edge, as the scripts of NAS-Bench-201 run it."""

from __future__ import annotations

import numpy as np

from harness.search.query.controller import Controller, drawn
from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, cells_of
from harness.search.query.oracle import Oracle
from harness.spaces.searches import IndexedSpace


def reinforce(
    oracle: Oracle, space: IndexedSpace, draws: Draws, *, learning_rate: float = 0.01, momentum: float = 0.9
) -> CellArray:
    """The best of all queried cells, shape [R].

    A cell is drawn from softmax(θ), where θ [E, O] is initialised with 10⁻³ N(0, 1). The reward is its answer r in per
    cent, the baseline b is the moving average of the rewards including r, and Adam takes a step along
    (r - b) ∇θ log p(cell).

    Source: AutoDL-Projects. The learning rate of 0.01 and the momentum of 0.9 are those of
    `exps/NATS-algos/reinforce.py`. The oracle handles the query that crosses the budget, which the scripts treat
    differently: `exps/NATS-algos/reinforce.py` charges it. `exps/algos/reinforce.py` of bb2f405, from the time of
    NAS-Bench-201, may choose it, but neither charges it nor learns from it. The same file of 28e4b84 drops it, and
    chooses the most likely cell instead of the best queried one.
    """
    controller = Controller(oracle.runs, space, draws, learning_rate=learning_rate, momentum=momentum)
    while oracle.is_open.any():
        probabilities = controller.probabilities()
        choices = drawn(probabilities, draws.random((oracle.runs, space.edges)))
        controller.learn(probabilities, choices, np.nan_to_num(oracle.query(cells_of(space, choices)).values))
    return oracle.chosen
