"""Searches that fit a predictor to the queried cells, query what it proposes, and fit it again: SemiNAS, NAO, a forest.

Luo et al., "Semi-Supervised Neural Architecture Search", NeurIPS 2020 (arXiv 2002.10389); NAO (Luo et al. 2018) is the
same without pseudo-labels. On NAS-Bench-201 the authors published no search. Every accuracy that a predictor sees is a
query of the oracle: the first cells are random ones, all of them kept, while the authors' code draws others, uncounted,
in the place of cells of low accuracy.

Legend: R runs, E edges.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, FloatArray, integers_below
from harness.search.query.oracle import Oracle
from harness.spaces.searches import IndexedSpace

QUERIES = 100
FIRST = 0.55
"""Share of the queries that go to random cells: 1,100 of 2,000 in the authors' code."""
ROUNDS = 3
"""Rounds of fitting and proposing, in which the other queries go."""

Propose: TypeAlias = Callable[[CellArray, FloatArray, int], CellArray]
"""Takes the queried cells [N], their values [N] and a number; gives so many other cells, or all that are left."""


class Plan(NamedTuple):
    """How many cells are queried when.

    Attributes:
        first: number of random cells.
        rounds: number of proposed cells in each round.
    """

    first: int
    rounds: tuple[int, ...]


def plan_of(queries: int) -> Plan:
    """The first queries, and those of the rounds, which differ by one at most.

    >>> plan_of(2000)
    Plan(first=1100, rounds=(300, 300, 300))
    """
    first = max(1, round(FIRST * queries))
    rest = queries - first
    return Plan(first, tuple((rest + place) // ROUNDS for place in range(ROUNDS)))


def seminas(oracle: Oracle, space: IndexedSpace, draws: Draws, *, queries: int = QUERIES) -> CellArray:
    """The best of all queried cells, shape [R], by SemiNAS.

    In each round the network of `harness.prediction.seminas` is trained further, on the queried cells and on as many
    random others as it has pseudo-labels; then the cells that gradient ascent finds from the best are queried.

    Args:
        oracle: answers the queries and counts their cost; a cell is asked for once.
        space: the space of the cells.
        draws: source of random numbers.
        queries: number of accuracies that a run may ask for, as far as its seconds last.

    Cost: three fits per run, one run after the other: about 10 s of one core per run.
    """
    return _by_network(oracle, space, draws, queries, pseudo_labels=True)


def nao(oracle: Oracle, space: IndexedSpace, draws: Draws, *, queries: int = QUERIES) -> CellArray:
    """`seminas` without pseudo-labels, at the same number of updates: what they add is the difference. Shape [R].

    Arguments and cost are those of `seminas`.
    """
    return _by_network(oracle, space, draws, queries, pseudo_labels=False)


def graf_forest(oracle: Oracle, space: IndexedSpace, draws: Draws, *, queries: int = QUERIES) -> CellArray:
    """The best of all queried cells, shape [R]: those that a random forest on GRAF's features predicts to be best.

    The forest and its features are those of Kadlecová et al. (2024); that it searches in the rounds of SemiNAS is ours.
    Arguments are those of `seminas`. Cost: three fits per run: about 1 s of one core per run.
    """
    from harness.prediction.graf import forest_predictions, graf_features
    from harness.search.query.indexed import choices_of

    features = graf_features(space, choices_of(space, np.arange(len(space))))

    def proposer(seed: int) -> Propose:
        def propose(cells: CellArray, values: FloatArray, count: int) -> CellArray:
            others = np.delete(np.arange(len(space)), cells)
            found = forest_predictions(features[cells], values, features[others], seed)
            return np.asarray(others[np.argsort(-found, kind="stable")[:count]])

        return propose

    return _searched(oracle, space, draws, queries, proposer)


def _by_network(oracle: Oracle, space: IndexedSpace, draws: Draws, queries: int, *, pseudo_labels: bool) -> CellArray:
    from harness.prediction.seminas import NAO, SEMINAS, SemiNAS
    from harness.search.query.indexed import cells_of, choices_of

    def proposer(seed: int) -> Propose:
        model = SemiNAS.of(space, seed=seed, training=SEMINAS if pseudo_labels else NAO)

        def propose(cells: CellArray, values: FloatArray, count: int) -> CellArray:
            choices = choices_of(space, cells)
            model.fit(choices, values)
            return cells_of(space, model.propose(choices, values, count).choices)

        return propose

    return _searched(oracle, space, draws, queries, proposer)


def _searched(
    oracle: Oracle, space: IndexedSpace, draws: Draws, queries: int, proposer: Callable[[int], Propose]
) -> CellArray:
    """Random cells first, then rounds of what each run's proposer gives; the chosen cells, shape [R]."""
    plan = plan_of(min(queries, len(space)))
    first = np.stack([np.argsort(draws.random(len(space)), kind="stable")[: plan.first] for _ in range(oracle.runs)])
    seeds = integers_below(draws.random(oracle.runs), 2**31)
    known = [_Known(proposer(int(seed))) for seed in seeds]
    _ask(oracle, known, list(first))
    for count in plan.rounds:
        going = oracle.is_open.tolist()
        if count and any(going):
            nothing = np.empty(0, dtype=np.int64)
            _ask(oracle, known, [run.proposed(count) if on else nothing for run, on in zip(known, going, strict=True)])
    return oracle.chosen


class _Known:
    """The answers of a run, and its proposer."""

    def __init__(self, propose: Propose) -> None:
        self.cells: list[int] = []
        self.values: list[float] = []
        self._propose = propose

    def proposed(self, count: int) -> CellArray:
        """Cells that are not known."""
        return self._propose(np.array(self.cells, dtype=np.int64), np.array(self.values), count)


def _ask(oracle: Oracle, known: list[_Known], wanted: list[CellArray]) -> None:
    """Query the wanted cells of each run, one after the other, and keep the answers."""
    for place in range(max(map(len, wanted))):
        asking = np.array([place < len(cells) for cells in wanted])
        step = oracle.query(np.array([cells[place] if place < len(cells) else 0 for cells in wanted]), asking)
        for run in np.flatnonzero(step.answered):
            known[run].cells.append(int(step.cells[run]))
            known[run].values.append(float(step.values[run]))
