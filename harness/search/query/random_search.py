"""Random search (Bergstra & Bengio 2012), as the scripts of NAS-Bench-201 run it."""

from __future__ import annotations

from harness.search.query.draws import Draws
from harness.search.query.indexed import CellArray, IndexedSpace, drawn
from harness.search.query.oracle import Oracle


def random_search(oracle: Oracle, space: IndexedSpace, draws: Draws) -> CellArray:
    """The best of cells drawn uniformly until the budget is used up, shape [R].

    Cells are drawn with replacement, and a cell drawn twice is paid twice.

    Source: `exps/algos/RANDOM.py` of AutoDL-Projects (bb2f405).
    """
    while oracle.is_open.any():
        oracle.query(drawn(draws.random(oracle.runs), len(space)))
    return oracle.chosen
