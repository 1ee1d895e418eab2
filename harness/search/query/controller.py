"""A policy of one categorical distribution per edge, which REINFORCE (Williams 1992) trains; many runs at once."""

from __future__ import annotations

import numpy as np

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, FloatArray
from harness.search.query.oracle import BoolArray
from harness.spaces.searches import IndexedSpace

_FIRST_MOMENT, _SECOND_MOMENT, _EPSILON = 0.9, 0.999, 1e-8  # Adam's defaults in PyTorch


class Controller:
    """Draws cells from softmax(θ), and moves θ [R, E, O] along (r − b) ∇θ log p(cell) by Adam.

    The baseline b of a run is the moving average of its rewards, the present one included, corrected for its start.

    Args:
        runs: number of searches that run at once, R.
        space: the space of the cells.
        draws: source of random numbers; θ is initialised with 10⁻³ N(0, 1).
        learning_rate: learning rate of Adam.
        momentum: momentum of the baseline.

    Attributes:
        theta: the parameters, [R, E, O].
    """

    def __init__(
        self, runs: int, space: IndexedSpace, draws: Draws, *, learning_rate: float, momentum: float = 0.9
    ) -> None:
        self.theta: FloatArray = 1e-3 * draws.standard_normal((runs, space.edges, space.operations))
        there = np.arange(space.operations) < np.array(space.options)[:, None]
        self._there: BoolArray | None = None if space.is_even else there
        self._learning_rate, self._momentum = learning_rate, momentum
        self._mean, self._square = np.zeros_like(self.theta), np.zeros_like(self.theta)
        self._rewards: FloatArray = np.zeros(runs)
        self._weight, self._step = 0.0, 0

    def probabilities(self, kept: BoolArray | None = None) -> FloatArray:
        """softmax(θ) over the operations that are kept, [R, E, O]; None keeps all that an edge has."""
        kept = self._there if kept is None else kept
        theta = self.theta if kept is None else np.where(kept, self.theta, -np.inf)
        exponentials = np.exp(theta - theta.max(axis=-1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))

    def learn(self, probabilities: FloatArray, choices: CellArray, reward: FloatArray) -> None:
        """One step of all runs, from the operations [R, E] that these probabilities drew, and the reward [R]."""
        momentum = self._momentum
        self._rewards = momentum * self._rewards + (1 - momentum) * reward
        self._weight, self._step = momentum * self._weight + 1 - momentum, self._step + 1
        taken = np.arange(self.theta.shape[-1]) == choices[:, :, None]
        gradient = (reward - self._rewards / self._weight)[:, None, None] * (probabilities - taken)
        self._mean = _FIRST_MOMENT * self._mean + (1 - _FIRST_MOMENT) * gradient
        self._square = _SECOND_MOMENT * self._square + (1 - _SECOND_MOMENT) * gradient**2
        scale = np.sqrt(self._square / (1 - _SECOND_MOMENT**self._step)) + _EPSILON
        self.theta = self.theta - self._learning_rate * self._mean / (1 - _FIRST_MOMENT**self._step) / scale


def drawn(probabilities: FloatArray, uniforms: FloatArray) -> CellArray:
    """Operations [R, E]: the first one whose cumulative probability exceeds the uniform number."""
    below = np.cumsum(probabilities, axis=-1)[:, :, :-1] <= uniforms[:, :, None]
    last = probabilities.shape[-1] - 1 - np.argmax(probabilities[:, :, ::-1] > 0, axis=-1)
    return np.asarray(np.minimum(below.sum(axis=-1), last))  # the sum of all may be a rounding below the uniform number
