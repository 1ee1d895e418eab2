"""Recurrent policies of many runs at once: LSTM controllers with weights of their own for each run, and their Adam.

Legend: R runs, H hidden units, T symbols, S slots (choices that are drawn), O options of a slot.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, FloatArray
from harness.search.query.oracle import BoolArray

HIDDEN = 32
"""Hidden units; a re-implementation of AGNN has 100, for architectures of more choices than NAS-Bench-Graph's."""
LEARNING_RATE = 3.5e-4
TEMPERATURE, BOUND = 5.0, 2.5
_SPREAD = 0.1
_FIRST_MOMENT, _SECOND_MOMENT, _EPSILON = 0.9, 0.999, 1e-8  # Adam's defaults in PyTorch


class RecurrentPolicy:
    """A one-layer LSTM that reads symbols and gives a distribution over the options of each slot.

    Logits are 2.5 tanh(logits / 5). Weights are drawn from U(-0.1, 0.1), and no layer has a bias.

    Args:
        runs: number of runs, R.
        symbols: number of symbols that can be read, T.
        options: number of options of each slot.
        draws: source of random numbers.
        hidden: number of hidden units.
        learning_rate: learning rate of Adam.

    Attributes:
        options: number of options of each slot.
    """

    def __init__(
        self,
        runs: int,
        symbols: int,
        options: Sequence[int],
        draws: Draws,
        *,
        hidden: int = HIDDEN,
        learning_rate: float = LEARNING_RATE,
    ) -> None:
        def weights(*shape: int) -> Tensor:
            numbers = _SPREAD * (2 * draws.random((runs, *shape)) - 1)
            return torch.from_numpy(numbers).float().requires_grad_()

        self.options = tuple(options)
        self._embedding = weights(symbols, hidden)
        self._gates = weights(2 * hidden, 4 * hidden)
        self._heads = weights(hidden, sum(options))
        self._ends = list(itertools.accumulate(options, initial=0))
        self._runs, self._hidden = runs, hidden
        self._adam = _Adam([self._embedding, self._gates, self._heads], learning_rate)

    def begin(self) -> tuple[Tensor, Tensor]:
        """The state before anything is read: hidden and cell, [R, H] each."""
        nothing = torch.zeros(self._runs, self._hidden, device="cpu")
        return nothing, nothing

    def read(self, state: tuple[Tensor, Tensor], symbols: CellArray) -> tuple[Tensor, Tensor]:
        """The state after a symbol of each run, [R]."""
        hidden, cell = state
        embedded = self._embedding[torch.arange(self._runs), torch.from_numpy(symbols)]
        gates = torch.bmm(torch.cat([embedded, hidden], dim=1).unsqueeze(1), self._gates).squeeze(1)
        taken, kept, shown, new = gates.chunk(4, dim=1)
        cell = kept.sigmoid() * cell + taken.sigmoid() * new.tanh()
        return shown.sigmoid() * cell.tanh(), cell

    def log_probabilities(self, state: tuple[Tensor, Tensor], slots: range) -> list[Tensor]:
        """Logarithms of the probabilities of the options of each of some slots in a row, [R, O] each."""
        first, last = self._ends[slots.start], self._ends[slots.stop]
        logits = torch.bmm(state[0].unsqueeze(1), self._heads[:, :, first:last]).squeeze(1)
        bounded = BOUND * (logits / TEMPERATURE).tanh()
        return [part.log_softmax(dim=1) for part in torch.split(bounded, [self.options[slot] for slot in slots], dim=1)]

    def learn(self, log_probability: Tensor, advantage: Tensor, learning: Tensor) -> None:
        """A step of the runs that learn along the advantage times the gradient of log p.

        Args:
            log_probability: of what was drawn, [R].
            advantage: reward less baseline, [R].
            learning: which runs learn, [R].
        """
        loss = -(advantage * log_probability)[learning].sum()
        self._adam.step(loss, learning)


@dataclass
class Baseline:
    """The moving average of the rewards of each run, corrected for its start.

    Args:
        runs: number of runs.
        momentum: share of the old average.
    """

    runs: int
    momentum: float = 0.9
    _sums: FloatArray = field(init=False)
    _weights: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self._sums, self._weights = np.zeros(self.runs), np.zeros(self.runs)

    def advantage(self, rewards: FloatArray, learning: BoolArray) -> FloatArray:
        """Rewards less the average that includes them, [R]; 0 for runs that do not learn, whose average stays."""
        share = np.where(learning, 1 - self.momentum, 0.0)
        self._sums = (1 - share) * self._sums + share * np.where(learning, rewards, 0.0)
        self._weights = (1 - share) * self._weights + share
        average = self._sums / np.where(self._weights > 0, self._weights, 1.0)
        return np.where(learning, rewards - average, 0.0)


class _Adam:
    """Adam with steps of some of the runs: the others' weights and moments stay as they are."""

    def __init__(self, weights: Sequence[Tensor], learning_rate: float) -> None:
        self._weights, self._learning_rate = list(weights), learning_rate
        self._means = [torch.zeros_like(each) for each in weights]
        self._squares = [torch.zeros_like(each) for each in weights]
        self._steps = torch.zeros(len(weights[0]), device="cpu")

    def step(self, loss: Tensor, learning: Tensor) -> None:
        """A step of the runs that learn, [R], against the gradient of a loss."""
        gradients = torch.autograd.grad(loss, self._weights, allow_unused=True, materialize_grads=True)
        self._steps += learning
        with torch.no_grad():
            for weight, gradient, mean, square in zip(
                self._weights, gradients, self._means, self._squares, strict=True
            ):
                here, steps = (
                    each.view(-1, *(1,) * (weight.dim() - 1)) for each in (learning, self._steps.clamp(min=1))
                )
                mean += here * (1 - _FIRST_MOMENT) * (gradient - mean)
                square += here * (1 - _SECOND_MOMENT) * (gradient**2 - square)
                scale = (square / (1 - _SECOND_MOMENT**steps)).sqrt_() + _EPSILON
                weight -= here * self._learning_rate * mean / (1 - _FIRST_MOMENT**steps) / scale
