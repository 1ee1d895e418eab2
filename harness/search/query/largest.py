"""The null model of searches that query few cells: the cells with the most parameters are queried."""

from __future__ import annotations

import numpy as np

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, FloatArray
from harness.search.query.oracle import Oracle
from harness.spaces.searches import IndexedSpace

QUERIES = 20


def largest(
    oracle: Oracle, space: IndexedSpace, draws: Draws, *, params: FloatArray, queries: int = QUERIES
) -> CellArray:
    """The best of the cells with the most parameters, shape [R]; of equally large cells each run takes random ones.

    Args:
        oracle: answers the queries and counts their cost.
        space: the space of the cells, which is not read.
        draws: source of random numbers.
        params: numbers of parameters of all cells, shape [C].
        queries: number of accuracies that a run may ask for, as far as its seconds last.
    """
    least = np.sort(params)[-min(queries, len(params))]
    cells = np.flatnonzero(params >= least)
    ties = draws.random((oracle.runs, len(cells)))
    order = np.lexsort((ties, np.broadcast_to(-params[cells], ties.shape)), axis=1)
    for place in range(min(queries, len(cells))):
        oracle.query(cells[order[:, place]])
    return oracle.chosen
