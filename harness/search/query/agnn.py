"""AGNN (Auto-GNN): conservative exploration, guided by the entropy of a recurrent controller for each class of choices.

Zhou, Song, Huang & Hu, "Auto-GNN: Neural Architecture Search of Graph Neural Networks", 2019 (arXiv 1909.03184). The
authors released no code, and of the paper the first page alone was read; the controller's temperature, learning
rate and reward are those that a re-implementation cites from it, and what follows beyond that is our reading.

Legend: R runs, E edges (choices of an architecture), C classes of choices.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import SearchError, unknown
from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, FloatArray, cells_of, choices_of, integers_below, is_empty
from harness.search.query.oracle import BoolArray, Oracle
from harness.spaces.searches import IndexedSpace

if TYPE_CHECKING:
    from torch import Tensor

NORMALISED, RAW, RANDOM, ALL = "normalised", "raw", "random", "all"
MODIFICATIONS = {
    NORMALISED: "the class of the largest entropy, as a share of the largest that it could have",
    RAW: "the class of the largest entropy",
    RANDOM: "a random class",
    ALL: "all classes at once",
}
"""Which class of choices of the best architecture is drawn anew."""


def agnn(oracle: Oracle, space: IndexedSpace, draws: Draws, *, modified: str = NORMALISED) -> CellArray:
    """The best of all queried cells, shape [R].

    The first cell is random, and an architecture. In each step the controller of each class of choices reads the best
    cell without that class, and gives a distribution for each of its choices; one class of the best cell (`modified`)
    is drawn anew from these, and the new cell is queried. The reward is the answer less that of the best cell before;
    the baseline is the moving average of a class's rewards, and the class's controller takes a step of Adam by
    REINFORCE. A cell that is like the best one is a query too, and so is one that is no architecture.

    Args:
        oracle: answers the queries and counts their cost.
        space: the space of the cells, which states the classes of choices.
        draws: source of random numbers.
        modified: which class is drawn anew, one of `MODIFICATIONS`. By the raw entropy a class with more options is
            nearly always taken: on NAS-Bench-Graph that of the operations, so that the links stay as they were drawn.

    Raises:
        SearchError: an unknown way to modify.
    """
    if modified not in MODIFICATIONS:
        raise SearchError(unknown("way to modify", modified, MODIFICATIONS))
    controllers = [_Controller(oracle.runs, space, number, draws) for number in range(len(space.classes))]
    oracle.query(_first(oracle.runs, space, draws))
    while oracle.is_open.any():
        best, reference = choices_of(space, oracle.chosen), oracle.best.copy()
        offspring = [controller.drawn(best, draws) for controller in controllers]
        taken = _taken(np.stack([entropy for _, _, entropy in offspring]), space, modified, draws)
        choices = best.copy()
        for controller, (drawn, _, _), mine in zip(controllers, offspring, taken, strict=True):
            choices[:, controller.edges] = np.where(mine[:, None], drawn, best[:, controller.edges])
        query = oracle.query(cells_of(space, choices))
        for controller, (_, log_probability, _), mine in zip(controllers, offspring, taken, strict=True):
            controller.learn(log_probability, query.values - reference, mine & query.answered)
    return oracle.chosen


def _first(runs: int, space: IndexedSpace, draws: Draws) -> CellArray:
    """A random architecture of each run, [R]: from four skips of NAS-Bench-Graph no change of links would lead away."""
    cells = integers_below(draws.random(runs), len(space))
    while (none := is_empty(space, cells)).any():
        cells[none] = integers_below(draws.random(int(none.sum())), len(space))
    return cells


def _taken(entropies: FloatArray, space: IndexedSpace, modified: str, draws: Draws) -> BoolArray:
    """Which classes each run draws anew, [C, R], by the entropies of the classes in nats, [C, R]."""
    classes = np.arange(len(entropies))[:, None]
    if modified == ALL:
        return np.ones(entropies.shape, dtype=np.bool_)
    if modified == RANDOM:
        return np.asarray(classes == integers_below(draws.random(entropies.shape[1]), len(entropies)))
    if modified == NORMALISED:
        most = [sum(np.log(space.options[edge]) for edge in edges) for edges in edges_of_classes(space)]
        entropies = entropies / np.array(most)[:, None]
    return np.asarray(classes == entropies.argmax(axis=0))


def edges_of_classes(space: IndexedSpace) -> list[list[int]]:
    """The edges of each class of choices."""
    ends = list(itertools.accumulate(space.classes, initial=0))
    return [list(range(*pair)) for pair in itertools.pairwise(ends)]


class _Controller:
    """The controller of one class: it reads the choices of all others, each edge's with symbols of its own."""

    def __init__(self, runs: int, space: IndexedSpace, number: int, draws: Draws) -> None:
        from harness.search.query.recurrent import Baseline, RecurrentPolicy

        self.edges = edges_of_classes(space)[number]
        self._others = [edge for edge in range(space.edges) if edge not in self.edges]
        self._first = np.cumsum([0, *space.options])
        options = [space.options[edge] for edge in self.edges]
        self._policy = RecurrentPolicy(runs, sum(space.options), options, draws)
        self._baseline = Baseline(runs)

    def drawn(self, choices: CellArray, draws: Draws) -> tuple[CellArray, Tensor, FloatArray]:
        """Choices [R, edges of the class] for a cell's other choices [R, E], their log p [R], and the entropy [R]."""
        import torch

        state = self._policy.begin()
        for edge in self._others:
            state = self._policy.read(state, self._first[edge] + choices[:, edge])
        found, log_probability, entropy = [], torch.zeros(len(choices), device="cpu"), np.zeros(len(choices))
        for logs in self._policy.log_probabilities(state, range(len(self.edges))):
            option, log_of_it = sampled(logs, draws)
            found.append(option)
            log_probability = log_probability + log_of_it
            known = logs.detach().double().numpy()
            entropy -= (np.exp(known) * known).sum(axis=1)
        return np.stack(found, axis=1), log_probability, entropy

    def learn(self, log_probability: Tensor, rewards: FloatArray, learning: BoolArray) -> None:
        """A step of the runs that learn from their rewards [R]."""
        import torch

        if learning.any():
            advantage = self._baseline.advantage(np.nan_to_num(rewards), learning)
            self._policy.learn(log_probability, torch.from_numpy(advantage).float(), torch.from_numpy(learning))


def sampled(logs: Tensor, draws: Draws) -> tuple[CellArray, Tensor]:
    """An option of each run, [R], by the logarithms of the probabilities, [R, O], and the logarithm of its own, [R]."""
    import torch

    cumulative = logs.detach().double().exp().cumsum(dim=1)[:, :-1].numpy()
    options = (cumulative <= draws.random(len(logs))[:, None]).sum(axis=1)
    return options, logs[torch.arange(len(logs)), torch.from_numpy(options)]
