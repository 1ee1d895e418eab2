"""What a search has found after each of several numbers of queries, in one and the same run, in many tables at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from harness.errors import SearchError
from harness.evaluation.searches.fidelities import values_of_keys
from harness.evaluation.searches.table_queries import TableQueries
from harness.search.query.oracle import Fidelity, Oracle

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table
    from harness.search.query.indexed import CellArray, FloatArray
    from harness.search.query.oracle import BoolArray, Query


class Asked(NamedTuple):
    """What is queried in a table, and what is looked up of what was found.

    Attributes:
        table: a table that counts queries.
        column: the accuracy that is queried.
        judged: accuracies that are looked up, by the name that they get.
    """

    table: Table
    column: str
    judged: dict[str, str]


class RowsOracle(Oracle):
    """An oracle whose runs query a row of values each: those of all tables go on at once.

    Args:
        values: answers, a row for each table, [T, C].
        runs: runs in each table.
        queries: number of queries of a run, each of which costs 1.
    """

    def __init__(self, values: FloatArray, *, runs: int, queries: int) -> None:
        # one row of fewest answers passes the checks of the oracle, which reads none of them
        checked = Fidelity(values.min(axis=0)[None], np.ones(values.shape[1]))
        super().__init__([checked], runs=len(values) * runs, budget_seconds=float(queries), record=True)
        self._rows, self._row = values, np.repeat(np.arange(len(values)), runs)

    def _values(self, cells: CellArray, values: FloatArray, answered: BoolArray) -> FloatArray:
        return np.asarray(self._rows[self._row, cells])


def found_by_queries(
    values: FloatArray, asked: TableQueries, name: str, budgets: Sequence[int], *, runs: int, seed: int
) -> CellArray:
    """The best queried cell of each run after so many queries, shape [budgets, T, R]; of equal answers the first.

    The searches that are run so do not look at their budget, so that what they do with a smaller one is the beginning
    of what they do with a larger one.

    Args:
        values: answers, a row for each table, [T, C].
        asked: the space of the tables.
        name: name of a search, one of `harness.search.query.methods.METHODS`.
        budgets: numbers of queries.
        runs: number of runs in each table, R.
        seed: seed of all runs.
    """
    from harness.search.query.methods import METHODS

    oracle = RowsOracle(values, runs=runs, queries=max(budgets))
    METHODS[name].search(oracle, asked.indexed, np.random.default_rng(seed))
    found = np.stack([_best_after(oracle.history, budget) for budget in budgets])
    return found.reshape(len(budgets), len(values), runs)


def _best_after(history: Sequence[Query], budget: int) -> CellArray:
    """The best cell of each run's first answered queries, [R]."""
    cells, answered, values = (np.stack(part) for part in zip(*history, strict=True))
    early = answered & (np.cumsum(answered, axis=0) <= budget)
    best = np.argmax(np.where(early, values, -np.inf), axis=0)
    return np.asarray(cells[best, np.arange(cells.shape[1])])


def runs_by_queries(
    asked: Sequence[Asked], names: Sequence[str], budgets: Sequence[int], *, runs: int, seed: int
) -> pd.DataFrame:
    """A row for each table, search, number of queries and run: what was found, and by how much it is below the best.

    Args:
        asked: what is queried, in tables of one space.
        names: names of the searches.
        budgets: numbers of queries.
        runs: runs of each search in each table.
        seed: seed of all runs; those of a search do not depend on which others are run.

    Returns:
        `place` (of what is asked), `search`, `queries`, `run`, `architecture`, each judged accuracy and its
        `…_regret`, to the best of the table.

    Raises:
        SearchError: a table that does not count queries.
    """
    import pandas as pd

    from harness.setting import derived_seed

    queries = [TableQueries(one.table, one.column, None) for one in asked]
    for one in queries:
        if not one.counted:
            raise SearchError(f"{one.name} states the lengths of its trainings: its queries are not counted")
    values = np.concatenate([one.fidelities(1).fidelities[0].values for one in queries])
    parts = []
    for name in names:
        seed_of_search = derived_seed(seed, "query", name)
        found = found_by_queries(values, queries[0], name, budgets, runs=runs, seed=seed_of_search)
        for (at, place), _ in np.ndenumerate(found[:, :, 0]):
            keys = [queries[place].keys[cell] for cell in found[at, place].tolist()]
            part = pd.DataFrame(
                {"place": place, "search": name, "queries": budgets[at], "run": range(runs), "architecture": keys}
            )
            parts.append(part.assign(**_judged(asked[place], keys)))
    return pd.concat(parts, ignore_index=True).sort_values("place", kind="stable", ignore_index=True)


def _judged(asked: Asked, keys: Sequence[str]) -> dict[str, FloatArray]:
    """The judged accuracies of architectures, and by how much they are below the best of the table."""
    found = {}
    for name, column in asked.judged.items():
        values = values_of_keys(asked.table, keys, column)
        found[name] = values
        found[f"{name}_regret"] = asked.table.values(asked.table.keys, column).max() - values
    return found
