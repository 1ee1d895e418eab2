"""RoBoT: a weighted sum of training-free metrics, its weights found by Bayesian optimisation, its best cells queried.

He et al., "Robustifying and Boosting Training-Free Neural Architecture Search", ICLR 2024.
"""

from __future__ import annotations

import numpy as np

from harness.errors import SearchError
from harness.proxies.scaled_sums import min_max_scaled
from harness.search.query.draws import Draws
from harness.search.query.gaussian_process import posterior
from harness.search.query.indexed import CellArray, FloatArray
from harness.search.query.oracle import BoolArray, Oracle
from harness.spaces.searches import IndexedSpace

METRICS = ("grad_norm", "snip", "grasp", "fisher", "synflow", "jacob_cov")
"""The six metrics that the paper combines."""

QUERIES = 20
KAPPA = 2.576
"""Deviations above the mean that the upper confidence bound adds: the default of the library that the authors call."""

_CANDIDATES = 10_000


def robot(
    oracle: Oracle, space: IndexedSpace, draws: Draws, *, metrics: FloatArray, queries: int = QUERIES
) -> CellArray:
    """The best of the queried cells, shape [R].

    Exploration: `queries` vectors of weights, each a number from -1 to 1 for every metric. The value of a vector is the
    accuracy of the cell with the largest weighted sum, each metric scaled to [0, 1] over all cells. The first vector is
    random; each further one has the largest upper confidence bound, mean + 2.576 deviations, among 10,000 random ones,
    by a Gaussian process over the vectors so far. Vectors that choose a cell that is known cost nothing. Exploitation:
    what is left of the queries goes to the next cells by the weights of the largest value; of equal values the later
    one counts.

    Args:
        oracle: answers the queries and counts their cost; the metrics are free.
        space: the space of the cells, which is not read, since the metrics are those of all cells.
        draws: source of random numbers.
        metrics: scores of all cells, shape [C, M], higher is better or not: weights have any sign. A missing score
            (NaN) adds nothing to the sum; a cell without any is never chosen.
        queries: number of accuracies that a run may ask for, as far as its seconds last.

    Raises:
        SearchError: if no cell has a score, or a score is infinite.

    Source: the paper's algorithms 1 and 2; scaling, the treatment of missing scores, equal values and the number of
    vectors are those of the authors' script. Their library refines the best candidates by gradients and fits the length
    scale of the process from six starts.

    Cost: `queries` - 1 fits of a Gaussian process per run, one after the other: about half a second per run.
    """
    pool = _with_any(metrics)
    scaled = min_max_scaled(metrics[pool])
    known = _Known(oracle.runs)
    weights = _explored(oracle, draws, known, pool, scaled, queries)
    by_sum = np.argsort(-(weights @ scaled.T), axis=1, kind="stable")
    for ranked in by_sum.T:
        if not (asking := oracle.is_open & (known.count < queries)).any():
            break
        known.ask(oracle, pool[ranked], asking)
    return oracle.chosen


def robot_weights(oracle: Oracle, draws: Draws, *, metrics: FloatArray, queries: int = QUERIES) -> FloatArray:
    """The weights of the metrics that `robot` ends with, shape [R, M]: its exploration alone.

    Args:
        oracle: answers the queries and counts their cost.
        draws: source of random numbers.
        metrics: scores of all cells, shape [C, M]; NaN where there is none.
        queries: number of vectors of weights that are tried, and the most accuracies that a run may ask for.

    Raises:
        SearchError: if no cell has a score, or a score is infinite.

    `harness.proxies.scaled_sums.weighted_sum` ranks by them.
    """
    pool = _with_any(metrics)
    return _explored(oracle, draws, _Known(oracle.runs), pool, min_max_scaled(metrics[pool]), queries)


def _explored(
    oracle: Oracle, draws: Draws, known: _Known, pool: CellArray, scaled: FloatArray, queries: int
) -> FloatArray:
    """The weights whose best cell is the most accurate, of equal ones the later, shape [R, M]."""
    runs = np.arange(oracle.runs)
    weights = np.empty((oracle.runs, queries, scaled.shape[1]))
    values = np.full((oracle.runs, queries), np.nan)
    for place in range(queries):
        for run in runs[oracle.is_open]:
            weights[run, place] = _next(weights[run, :place], values[run, :place], draws, scaled.shape[1])
        weights[~oracle.is_open, place] = 0.0
        picked = pool[np.argmax(weights[:, place] @ scaled.T, axis=1)]
        values[:, place] = known.ask(oracle, picked, oracle.is_open)
    explored = ~np.isnan(values)
    latest_best = queries - 1 - np.argmax(np.where(explored, values, -np.inf)[:, ::-1], axis=1)
    return np.asarray(weights[runs, latest_best])


class _Known:
    """The cells that each run has asked for, and the answers.

    Attributes:
        count: number of distinct cells of each run, shape [R].
    """

    def __init__(self, runs: int) -> None:
        self._answers: list[dict[int, float]] = [{} for _ in range(runs)]
        self.count = np.zeros(runs, dtype=np.int64)

    def ask(self, oracle: Oracle, cells: CellArray, asking: BoolArray) -> FloatArray:
        """The answers for one cell per run, shape [R], of those known before too; NaN where there is none."""
        there = np.array([cell in answers for cell, answers in zip(cells.tolist(), self._answers, strict=True)])
        step = oracle.query(cells, asking & ~there)
        for run in np.flatnonzero(step.answered):
            self._answers[run][int(cells[run])] = float(step.values[run])
        self.count += step.answered
        return np.array(
            [
                answers.get(cell, np.nan) if asked else np.nan
                for cell, answers, asked in zip(cells.tolist(), self._answers, asking, strict=True)
            ]
        )


def _with_any(metrics: FloatArray) -> CellArray:
    if np.isinf(metrics).any():
        raise SearchError(f"RoBoT needs finite metrics: {int(np.isinf(metrics).sum()):,} scores are infinite")
    pool = np.flatnonzero(~np.isnan(metrics).all(axis=1))
    if not pool.size:
        raise SearchError("no cell has a score: score some first, or choose a search that needs none")
    return pool


def _next(weights: FloatArray, values: FloatArray, draws: Draws, metrics: int) -> FloatArray:
    """The next weights of a run, shape [M]."""
    if not len(values):
        return np.asarray(2 * draws.random(metrics) - 1)
    candidates = 2 * draws.random((_CANDIDATES, metrics)) - 1
    mean, deviation = posterior(weights, values, candidates)
    return np.asarray(candidates[np.argmax(mean + KAPPA * deviation)])
