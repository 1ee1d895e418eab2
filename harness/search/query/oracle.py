"""The oracle: it answers a search's queries, charges their cost, and gives the only accuracies that a search sees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import SearchError, unknown
from harness.search.query.indexed import CellArray, FloatArray

BoolArray = npt.NDArray[np.bool_]

DROPPED, KNOWN, CHARGED = "dropped", "known", "charged"
CROSSINGS = {
    DROPPED: "the query that would cross the budget is neither answered nor charged",
    KNOWN: "it is answered, and may be what is chosen, but not charged",
    CHARGED: "it is answered and charged, so that a run may spend more than its budget",
}
"""Rules for the query that crosses the budget; it is a run's last query."""


@dataclass(frozen=True)
class Fidelity:
    """A fidelity: one kind of training that can be queried.

    Attributes:
        values: answers to queries, higher is better: shape [S, C] for S training seeds, NaN where a cell lacks a seed.
        seconds: cost of a query, shape [C].
    """

    values: FloatArray
    seconds: FloatArray


class Query(NamedTuple):
    """One step of all runs, arrays of shape [R].

    Attributes:
        cells: the queried cells.
        answered: whether the run's query was answered.
        values: the answers; NaN where there is none.
    """

    cells: CellArray
    answered: BoolArray
    values: FloatArray


class Oracle:
    """Answers the queries of many runs at once and counts the seconds of each run.

    A run is open until its seconds are used up. Its first query is always answered, whatever it costs, so that there is
    a cell to choose. A cell that is queried again is charged again, since the scripts of NAS-Bench-201 and NATS-Bench
    train it again.

    Args:
        fidelities: the fidelities, cheapest first, all over the same C cells.
        runs: number of searches that run at once, R.
        budget_seconds: seconds that each run may spend.
        crossing: rule for the query that crosses the budget, one of `CROSSINGS`.
        generator: draws one training seed per query, as `is_random=True` does in the scripts; needed for S > 1.
        record: whether to keep the `history`.

    Raises:
        SearchError: for less than one run, a budget that is not finite and positive, an unknown crossing, fidelities of
            unequal sizes, a cell without a value or without a positive cost, or several seeds without a generator.

    Attributes:
        spent: seconds spent so far, shape [R].
        queries: number of answered queries so far, shape [R].
        is_open: whether each run may query further, shape [R].
        chosen: the cell with the best answer so far, shape [R]; -1 before the first answer. Answers of a later fidelity
            rank above those of an earlier one; of equal answers the first is kept.
        best: the answer of the chosen cell, shape [R].
        history: every step of all runs, if recorded; else empty.
    """

    def __init__(
        self,
        fidelities: Sequence[Fidelity],
        *,
        runs: int,
        budget_seconds: float,
        crossing: str = DROPPED,
        generator: np.random.Generator | None = None,
        record: bool = False,
    ) -> None:
        _check(fidelities, runs, budget_seconds, crossing, generator)
        self.fidelities = tuple(fidelities)
        self.runs = runs
        self.budget_seconds = budget_seconds
        self.crossing = crossing
        self.spent: FloatArray = np.zeros(runs)
        self.queries: CellArray = np.zeros(runs, dtype=np.int64)
        self.is_open: BoolArray = np.ones(runs, dtype=np.bool_)
        self.chosen: CellArray = np.full(runs, -1, dtype=np.int64)
        self.best: FloatArray = np.full(runs, -np.inf)
        self.history: list[Query] = []
        self._rank: CellArray = np.full(runs, -1, dtype=np.int64)
        self._generator = generator
        self._record = record

    def query(self, cells: CellArray, asking: BoolArray | None = None, *, fidelity: int = 0) -> Query:
        """Query one cell per run.

        Args:
            cells: the cells to query, shape [R]; entries of runs that do not ask are ignored.
            asking: whether each run asks, shape [R]; by default all open runs ask.
            fidelity: index of the fidelity that is queried.
        """
        asked = self.is_open if asking is None else asking & self.is_open
        cost = self._costs(cells, self.fidelities[fidelity].seconds)
        crossing = asked & (self.spent + cost > self.budget_seconds) & (self.queries > 0)
        answered = asked & ~crossing if self.crossing == DROPPED else asked.copy()
        charged = asked if self.crossing == CHARGED else asked & ~crossing
        values = np.where(answered, self._values(cells, self.fidelities[fidelity].values, answered), np.nan)
        self.spent = self.spent + np.where(charged, cost, 0.0)
        self.queries = self.queries + answered
        self.is_open = self.is_open & ~crossing & (self.spent < self.budget_seconds)
        better = answered & ((fidelity > self._rank) | ((fidelity == self._rank) & (values > self.best)))
        self.chosen = np.where(better, cells, self.chosen)
        self.best = np.where(better, values, self.best)
        self._rank = np.where(better, fidelity, self._rank)
        step = Query(cells.copy(), answered, values)
        if self._record:
            self.history.append(step)
        return step

    def _costs(self, cells: CellArray, seconds: FloatArray) -> FloatArray:
        """The cost of a query of each cell."""
        return seconds[cells]

    def _values(self, cells: CellArray, values: FloatArray, answered: BoolArray) -> FloatArray:
        """The value of each cell for one training seed, drawn uniformly from the seeds that the cell has.

        Those of runs that are not answered are not read.
        """
        if len(values) == 1 or self._generator is None:
            return np.asarray(values[0, cells])
        of_cells = values[:, cells]
        there = ~np.isnan(of_cells)
        places = np.array(self._generator.random(len(cells)) * there.sum(axis=0), dtype=np.int64)
        first_those_there = np.argsort(~there, axis=0, kind="stable")
        runs = np.arange(len(cells))
        return np.asarray(of_cells[first_those_there[places, runs], runs])


def _check(
    fidelities: Sequence[Fidelity],
    runs: int,
    budget_seconds: float,
    crossing: str,
    generator: np.random.Generator | None,
) -> None:
    if runs < 1:
        raise SearchError(f"runs must be at least 1, got {runs}")
    if not 0 < budget_seconds < math.inf:
        raise SearchError(f"a budget must be more than 0 seconds and finite, got {budget_seconds}")
    if crossing not in CROSSINGS:
        raise SearchError(unknown("crossing", crossing, CROSSINGS))
    if not fidelities:
        raise SearchError("an oracle needs at least one fidelity")
    cells = len(fidelities[0].seconds)
    for place, (values, seconds) in enumerate((one.values, one.seconds) for one in fidelities):
        if values.ndim != 2 or values.shape[1] != cells or seconds.shape != (cells,):
            raise SearchError(
                f"fidelity {place} needs values of shape [seeds, {cells}] and seconds of shape [{cells}]; got "
                f"{list(values.shape)} and {list(seconds.shape)}"
            )
        if valueless := int(np.isnan(values).all(axis=0).sum()):
            raise SearchError(f"fidelity {place} has no value for {valueless:,} of {cells:,} cells: a search needs all")
        if not (np.isfinite(seconds) & (seconds > 0)).all():
            raise SearchError(f"fidelity {place} has cells whose seconds are no positive number")
        if len(values) > 1 and generator is None:
            raise SearchError(f"fidelity {place} has {len(values)} seeds: a generator must draw one for each query")
