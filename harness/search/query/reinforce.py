"""REINFORCE (Williams 1992) with one categorical distribution per edge, as the scripts of NAS-Bench-201 run it."""

from __future__ import annotations

import numpy as np

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, FloatArray, cells_of
from harness.search.query.oracle import Oracle
from harness.spaces.searches import IndexedSpace

_FIRST_MOMENT, _SECOND_MOMENT, _EPSILON = 0.9, 0.999, 1e-8  # Adam's defaults in PyTorch


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
    theta = 1e-3 * draws.standard_normal((oracle.runs, space.edges, space.operations))
    mean, square = np.zeros_like(theta), np.zeros_like(theta)
    rewards: FloatArray = np.zeros(oracle.runs)
    weight, step = 0.0, 0
    while oracle.is_open.any():
        probabilities = _softmax(theta)
        choices = _choices(probabilities, draws.random((oracle.runs, space.edges)))
        reward = np.nan_to_num(oracle.query(cells_of(space, choices)).values)
        rewards, weight, step = momentum * rewards + (1 - momentum) * reward, momentum * weight + 1 - momentum, step + 1
        taken = np.arange(space.operations) == choices[:, :, None]
        gradient = (reward - rewards / weight)[:, None, None] * (probabilities - taken)
        mean = _FIRST_MOMENT * mean + (1 - _FIRST_MOMENT) * gradient
        square = _SECOND_MOMENT * square + (1 - _SECOND_MOMENT) * gradient**2
        scale = np.sqrt(square / (1 - _SECOND_MOMENT**step)) + _EPSILON
        theta = theta - learning_rate * mean / (1 - _FIRST_MOMENT**step) / scale
    return oracle.chosen


def _softmax(theta: FloatArray) -> FloatArray:
    exponentials = np.exp(theta - theta.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def _choices(probabilities: FloatArray, uniforms: FloatArray) -> CellArray:
    """Operations [R, E]: the first one whose cumulative probability exceeds the uniform number."""
    below = np.cumsum(probabilities, axis=-1)[:, :, :-1] <= uniforms[:, :, None]
    return np.asarray(below.sum(axis=-1), dtype=np.int64)
