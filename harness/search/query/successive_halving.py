"""Successive halving (Jamieson & Talwalkar, "Non-stochastic Best Arm Identification …", AISTATS 2016)."""

from __future__ import annotations

import numpy as np

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, FloatArray, integers_below
from harness.search.query.oracle import Oracle
from harness.spaces.searches import IndexedSpace


def successive_halving(oracle: Oracle, space: IndexedSpace, draws: Draws) -> CellArray:
    """The cell with the best answer of the last rung that a run could pay for, shape [R].

    A rung is a fidelity, and each rung gets an equal share of the seconds, as in the paper. The first rung queries
    distinct random cells; every other rung queries the cells of the rung before, the best first (of equals the first
    queried). A rung's last query may use seconds of the next rung.

    This is not BOHB: no model proposes the cells, and the rungs are the trainings that a table has, of 12 and 200
    epochs, each from the beginning and charged in full. The scripts' BOHB stops the 12-epoch training after 1 to 12
    epochs.
    """
    runs, row = oracle.runs, np.arange(oracle.runs)
    rungs = len(oracle.fidelities)
    shuffled: CellArray = np.tile(np.arange(len(space)), (runs, 1))
    counts: CellArray = np.full(runs, len(space))
    candidates = shuffled
    for rung in range(rungs):
        share, asked, place = oracle.budget_seconds * (rung + 1) / rungs, [], 0
        while (asking := oracle.is_open & (oracle.spent < share) & (place < counts)).any():
            if rung == 0:
                other = place + integers_below(draws.random(runs), len(space) - place)
                shuffled[row, other], shuffled[:, place] = shuffled[:, place].copy(), shuffled[row, other]
            asked.append(oracle.query(candidates[:, place], asking, fidelity=rung).values)
            place += 1
        candidates, counts = _promoted(candidates[:, :place], np.array(asked).reshape(place, runs).T)
    return oracle.chosen


def _promoted(cells: CellArray, values: FloatArray) -> tuple[CellArray, CellArray]:
    """Cells [R, n] in descending order of their answers, NaN last, and the number of cells that have an answer."""
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(cells, order, axis=1), np.asarray((~np.isnan(values)).sum(axis=1))
