"""Local search (White, Nolen & Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021)."""

from __future__ import annotations

import numpy as np

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, integers_below, neighbours
from harness.search.query.oracle import Oracle
from harness.spaces.searches import IndexedSpace


def local_search(oracle: Oracle, space: IndexedSpace, draws: Draws) -> CellArray:
    """The best of all queried cells, shape [R].

    From a random cell, query all neighbours and go to the best of them while it is better; else begin again at another
    random cell. A run does not query a cell twice. It ends when its seconds are used up, or when it knows the whole
    space.

    Source: the simplest form in the paper (recalled). Their code may begin from the best of several random cells, and
    may go to the first better neighbour.

    Cost: 8 C bytes of memory per run.
    """
    runs, row = oracle.runs, np.arange(oracle.runs)
    known, count = np.full((runs, len(space)), np.nan), np.zeros(runs, dtype=np.int64)
    at = integers_below(draws.random(runs), len(space))
    while True:
        going = oracle.is_open & (count < len(space))
        if not going.any():
            return oracle.chosen
        around = np.concatenate([at[:, None], neighbours(space, at)], axis=1)
        values = known[row[:, None], around]
        unknown = np.isnan(values)
        asking = going & unknown.any(axis=1)
        asked = around[row, np.argmax(unknown, axis=1)]
        query = oracle.query(asked, asking)
        known[row[query.answered], asked[query.answered]] = query.values[query.answered]
        count += query.answered
        best = np.argmax(np.where(unknown, -np.inf, values), axis=1)  # 0 is the cell itself, which wins a tie
        elsewhere = np.where(best > 0, around[row, best], integers_below(draws.random(runs), len(space)))
        at = np.where(asking, at, elsewhere)
