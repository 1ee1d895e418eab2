"""SemiNAS and NAO: an encoder, predictor and decoder trained with and without pseudo-labels, and what they propose.

Luo et al., "Semi-Supervised Neural Architecture Search", NeurIPS 2020 (arXiv 2002.10389), as in its authors' code, and
NAO (Luo et al. 2018), which is the same without pseudo-labels. Where this differs:

- values are standardised by the labelled ones, not by constants of a whole table;
- training is counted in updates, the same number with and without pseudo-labels, so that these alone differ; the code
  counts epochs (1,000 and 500 of 1,100 labels and 10,000 pseudo-labels on NAS-Bench-101), which are longer with
  pseudo-labels. Numbers of updates and of pseudo-labels, and 32 hidden units in the place of 64, are our choice: a fit
  takes two or three seconds of one core;
- where ascent finds too few new sequences, the rest are random ones.

Legend: N labelled sequences, L tokens of each, V tokens in all, H hidden units.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from harness.prediction.encoder_predictor_decoder import EncoderPredictorDecoder, Sizes

if TYPE_CHECKING:
    from harness.spaces.searches import IndexedSpace

FloatArray = npt.NDArray[np.float64]
ChoiceArray = npt.NDArray[np.int64]


class Training(NamedTuple):
    """How the network is trained.

    Attributes:
        pretraining: updates on labelled sequences, before pseudo-labels are made.
        updates: further updates, on labelled sequences and pseudo-labels.
        unlabelled: number of sequences that get a pseudo-label; 0 for NAO.
        repeats: times that each labelled sequence stands beside the pseudo-labels.
        batch: sequences of an update.
        rate: learning rate of Adam.
        decay: its weight decay.
        clip: largest norm of a gradient.
        trade_off: λ of the loss λ · squared error + (1 - λ) · cross-entropy of the tokens.
        sizes: sizes of the network.
    """

    pretraining: int = 100
    updates: int = 200
    unlabelled: int = 1000
    repeats: int = 10
    batch: int = 100
    rate: float = 1e-3
    decay: float = 1e-4
    clip: float = 5.0
    trade_off: float = 0.8
    sizes: Sizes = Sizes(hidden=32)


SEMINAS = Training()
NAO = SEMINAS._replace(unlabelled=0)
"""The same updates on labelled sequences alone."""

SEEDS_TRIED = 100
"""Best sequences from which ascent starts."""
MOST_STEPS = 100
"""Largest step η of the ascent."""
MOST_LISTED = 2**24
"""Most sequences of which a list is made, to draw some that are not known."""


class Proposed(NamedTuple):
    """New sequences.

    Attributes:
        choices: operations on each edge, [K, L].
        step: η at which the last of them was found; 0 where none was.
        random: how many of them, at the end, are random.
    """

    choices: ChoiceArray
    step: int
    random: int


class SemiNAS:
    """A network with its weights and its random numbers, which torch's own random state neither sets nor follows.

    Args:
        length: edges of an architecture, L.
        operations: operations on each, V - 1.
        seed: seed of its weights, its batches, its dropout and its random sequences.
        training: how it is trained; `NAO` for no pseudo-labels.
        options: operations on each edge, where they are not the same number on all.

    Attributes:
        pseudo_labelled: the sequences [M, L] that the last `fit` gave a pseudo-label.
        updates: number of updates so far.
    """

    def __init__(
        self,
        length: int,
        operations: int,
        *,
        seed: int = 0,
        training: Training = SEMINAS,
        options: Sequence[int] | None = None,
    ) -> None:
        self.length, self.operations, self.training = length, operations, training
        self._options = np.array(options or (operations,) * length)
        self._random = np.random.default_rng(seed)
        self._mean, self._deviation = 0.0, 1.0
        self.updates = 0
        self.pseudo_labelled: ChoiceArray = np.empty((0, length), dtype=np.int64)
        self._state = torch.Generator().manual_seed(seed).get_state()
        with self._draws():
            self.network = EncoderPredictorDecoder(length, operations, training.sizes)

    @classmethod
    def of(cls, space: IndexedSpace, *, seed: int = 0, training: Training = SEMINAS) -> SemiNAS:
        """A network for the sequences of a space; its cells that are no architecture are sequences, too."""
        return cls(space.edges, space.operations, seed=seed, training=training, options=space.options)

    @contextmanager
    def _draws(self) -> Iterator[None]:
        """Inside, torch draws from this network's own random state, in float32 and on the CPU."""
        with torch.random.fork_rng(devices=[]), torch.device("cpu"), torch.enable_grad():
            torch.set_rng_state(self._state)
            yield
            self._state = torch.get_rng_state()

    def fit(self, choices: ChoiceArray, values: FloatArray) -> None:
        """Train further: on labelled sequences, then on them and on pseudo-labels of others.

        The sequences that get a pseudo-label are random, distinct, and none of the labelled ones.

        Args:
            choices: operations on each edge of the labelled architectures, [N, L].
            values: their values, [N], finite.
        """
        self._mean, self._deviation = float(values.mean()), float(values.std()) or 1.0
        wanted = torch.from_numpy((values - self._mean) / self._deviation).float()
        tokens = torch.from_numpy(choices + 1)
        self._train(tokens, wanted, self.training.pretraining)
        self.pseudo_labelled = self._unseen(choices, self.training.unlabelled)
        more = torch.from_numpy(self.pseudo_labelled + 1)
        repeats = self.training.repeats
        labels = torch.cat([wanted.repeat(repeats), self._predicted(more)])
        self._train(torch.cat([tokens.repeat(repeats, 1), more]), labels, self.training.updates)

    def predict(self, choices: ChoiceArray) -> FloatArray:
        """Predicted values [N] of architectures [N, L], dropout off."""
        found = self._predicted(torch.from_numpy(np.asarray(choices, dtype=np.int64) + 1)).double()
        return np.asarray(found.numpy() * self._deviation + self._mean)

    def propose(self, choices: ChoiceArray, values: FloatArray, count: int) -> Proposed:
        """New sequences by gradient ascent of the predicted value from the best labelled and pseudo-labelled ones.

        For η = 1, 2, … the code of each position is moved by η times the gradient of the predicted value, scaled to
        norm 1 and decoded; sequences that are neither labelled nor found before are kept, without those that give an
        edge an operation which it does not have.

        Args:
            choices: the labelled architectures, [N, L].
            values: their values, [N].
            count: number of new sequences; fewer where the space has no more.
        """
        known = {*map(tuple, choices.tolist())}
        sequences = np.concatenate([choices, self.pseudo_labelled])
        scored = np.concatenate([values, self.predict(self.pseudo_labelled)])
        best = sequences[np.argsort(-scored, kind="stable")[:SEEDS_TRIED]]
        found: dict[tuple[int, ...], int] = {}
        codes, gradient = self._gradient(torch.from_numpy(best + 1))
        for step in range(1, MOST_STEPS + 1):
            if len(found) >= count:
                break
            with torch.no_grad():
                decoded = self.network.greedy(normalize(codes + step * gradient, dim=-1))
            valid = (decoded.numpy() <= self._options).all(axis=1)
            for sequence in map(tuple, (decoded - 1)[valid].tolist()):
                if sequence not in known:
                    found.setdefault(sequence, step)
        kept = list(found)[:count]
        taken = np.array(kept, dtype=np.int64).reshape(-1, self.length)
        rest = self._unseen(np.concatenate([choices, taken]), count - len(kept))
        return Proposed(np.concatenate([taken, rest]), found[kept[-1]] if kept else 0, len(rest))

    def _gradient(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Codes [N, L, H] of sequences, and the gradient of the predicted value to them."""
        self.network.eval()
        with torch.enable_grad():
            codes = self.network.encode(tokens).detach().requires_grad_()
            return codes.detach(), torch.autograd.grad(self.network.predict(codes).sum(), codes)[0]

    @torch.no_grad()
    def _predicted(self, tokens: Tensor) -> Tensor:
        self.network.eval()
        return self.network.predict(self.network.encode(tokens))

    def _train(self, tokens: Tensor, values: Tensor, updates: int) -> None:
        """Updates over random orders of the sequences, with an optimiser of their own."""
        size, order = self.training.batch, torch.empty(0, dtype=torch.long)
        self.network.train()
        with self._draws():
            optimizer = torch.optim.Adam(
                self.network.parameters(), self.training.rate, weight_decay=self.training.decay, fused=True
            )
            for _ in range(updates):
                if not len(order):
                    order = torch.randperm(len(tokens))
                chosen, order = order[:size], order[size:]
                optimizer.zero_grad()
                self.loss(tokens[chosen], values[chosen]).backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(self.network.parameters(), self.training.clip)
                optimizer.step()
        self.updates += updates

    def loss(self, tokens: Tensor, values: Tensor) -> Tensor:
        """λ · mean squared error + (1 - λ) · mean cross-entropy of tokens [N, L], given the tokens before each."""
        codes = self.network.encode(tokens)
        squared = (self.network.predict(codes) - values).square().mean()
        logits = self.network.decode(codes, tokens)
        entropy = nn.functional.cross_entropy(logits.flatten(0, 1), tokens.flatten())
        return self.training.trade_off * squared + (1 - self.training.trade_off) * entropy

    def _unseen(self, choices: ChoiceArray, count: int) -> ChoiceArray:
        """Random distinct sequences [≤ count, L] that are not among `choices`."""
        if math.prod(self._options.tolist()) > MOST_LISTED:
            return self._unseen_of_many(choices, count)
        strides = np.append(self._options[:0:-1].cumprod()[::-1], 1)
        free = np.ones(self._options.prod(), dtype=np.bool_)
        free[choices @ strides] = False
        there = np.flatnonzero(free)
        drawn = self._random.permutation(there)[: max(count, 0)]
        return np.asarray(drawn[:, None] // strides % self._options, dtype=np.int64)

    def _unseen_of_many(self, choices: ChoiceArray, count: int) -> ChoiceArray:
        """The same of so many sequences that they are not listed: there are always more than are asked for."""
        known = {*map(tuple, choices.tolist())}
        drawn: dict[tuple[int, ...], None] = {}
        while len(drawn) < count:
            sequence = tuple(self._random.integers(self._options).tolist())
            if sequence not in known:
                drawn[sequence] = None
        return np.array(list(drawn), dtype=np.int64).reshape(-1, self.length)
