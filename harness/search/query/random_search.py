"""Random search (Bergstra & Bengio 2012), as the scripts of NAS-Bench-201 run it."""

from __future__ import annotations

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, integers_below
from harness.search.query.oracle import Oracle
from harness.spaces.searches import IndexedSpace


def random_search(oracle: Oracle, space: IndexedSpace, draws: Draws) -> CellArray:
    """The best of all queried cells, which are drawn uniformly until the budget is used up, shape [R].

    Cells are drawn with replacement, and a cell that is drawn twice is charged twice.

    Source: `exps/algos/RANDOM.py` of AutoDL-Projects (bb2f405).
    """
    while oracle.is_open.any():
        oracle.query(integers_below(draws.random(oracle.runs), len(space)))
    return oracle.chosen
