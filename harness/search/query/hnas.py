"""HNAS: a corrected training-free metric whose two constants are fitted to a few accuracies by Bayesian optimisation.

Shu et al., "Unifying and Boosting Gradient-Based Training-Free Neural Architecture Search", NeurIPS 2022.
"""

from __future__ import annotations

import numpy as np

from harness.errors import SearchError
from harness.proxies.combined import hnas_objective
from harness.search.query.draws import Draws
from harness.search.query.gaussian_process import posterior
from harness.search.query.indexed import CellArray, FloatArray, integers_below
from harness.search.query.oracle import BoolArray, Oracle
from harness.spaces.searches import IndexedSpace

QUERIES = 20
POOL = 2000
PROBES = 5
LOG10_MU = (-4.0, 0.0)
_CANDIDATES = 1000


def hnas(
    oracle: Oracle,
    space: IndexedSpace,
    draws: Draws,
    *,
    metric: FloatArray,
    condition: FloatArray,
    queries: int = QUERIES,
    pool: int = POOL,
) -> CellArray:
    """The best of the queried cells, one cell for each choice of M* and μ, shape [R].

    A choice (M*, log10 μ) selects from a pool of random cells the cell with the least μ |M² - M*²| + κ / (M + 10⁻⁶)
    that is not queried yet; the value of the choice is this cell's accuracy. The next choice is found by Bayesian
    optimisation: among 1,000 random choices, the one with the largest expected improvement over the best so far, by a
    Gaussian process over the choices (Matérn 5/2, on accuracies of mean 0 and variance 1). The first 5 choices have M*
    evenly spaced from 0 to the largest M, and log10 μ = -2.

    Args:
        oracle: answers the queries and counts their cost; the metric is free.
        space: the space of the cells.
        draws: source of random numbers.
        metric: M of all cells, shape [C], not negative, such as `m_trace`; NaN where there is none.
        condition: κ of all cells, shape [C], positive, smaller is better; NaN where there is none.
        queries: number of accuracies that a run may ask for, as far as its seconds last.
        pool: number of cells, drawn uniformly with replacement from those that have both numbers.

    Raises:
        SearchError: if no cell has both numbers, or one has an M below 0 or a κ that is not positive.

    Source: the formula, 20 queries and the range of μ are from the paper. The pool of 2,000, the first choices, the
    10⁻⁶ and the expected improvement are from the authors' code, some of which is for the DARTS space. Their code
    scales M* by a constant of the metric (5,000 for M_Trace on this space); here it is scaled by the largest M of the
    pool. Their code fits the length scale of the Gaussian process by gradients from six starts.

    Cost: 15 fits of a Gaussian process per run, one after the other: about 0.3 s per run.
    """
    there = with_both(metric, condition)
    if not there.size:
        raise SearchError("no cell has both the metric and the condition number: score some first")
    cells = there[integers_below(draws.random((oracle.runs, pool)), there.size)]
    of_pool = metric[cells]
    usable = np.ones(cells.shape, dtype=np.bool_)
    largest = of_pool.max(axis=1)
    choices, values = np.empty((oracle.runs, queries, 2)), np.full((oracle.runs, queries), np.nan)
    for place in range(queries):
        uniforms = draws.random((oracle.runs, _CANDIDATES, 2))
        going = oracle.is_open & usable.any(axis=1)
        choices[:, place] = _next(choices[:, :place], values[:, :place], uniforms, place, going)
        target, mu = choices[:, place, 0] * largest, 10 ** choices[:, place, 1]
        loss = hnas_objective(of_pool, condition[cells], target=target[:, None], mu=mu[:, None])
        picked = cells[np.arange(oracle.runs), np.argmin(np.where(usable, loss, np.inf), axis=1)]
        values[:, place] = oracle.query(picked, going).values
        usable &= cells != picked[:, None]
    return oracle.chosen


def with_both(metric: FloatArray, condition: FloatArray) -> CellArray:
    """Indices of the cells that have both numbers; SearchError if an M is below 0 or a κ is not positive."""
    there = np.flatnonzero(np.isfinite(metric) & np.isfinite(condition))
    negative, no_condition = int((metric[there] < 0).sum()), int((condition[there] <= 0).sum())
    if negative or no_condition:
        raise SearchError(
            f"HNAS needs a metric M from 0 and a condition number κ above 0: of {there.size:,} cells that have both, "
            f"{negative:,} have M < 0 and {no_condition:,} have κ <= 0. κ is the negative of the condition's score"
        )
    return there


def _next(choices: FloatArray, values: FloatArray, uniforms: FloatArray, place: int, going: BoolArray) -> FloatArray:
    """The next choice of each run, shape [R, 2]; nothing is fitted for runs that have ended."""
    if place < PROBES:
        return np.tile([place / (PROBES - 1), np.mean(LOG10_MU)], (len(choices), 1))
    low, high = LOG10_MU
    candidates = uniforms * [1.0, high - low] + [0.0, low]
    best = [
        int(np.argmax(expected_improvement(*known))) if run_goes_on else 0
        for *known, run_goes_on in zip(choices, values, candidates, going, strict=True)
    ]
    return np.asarray(candidates[np.arange(len(candidates)), best])


def expected_improvement(points: FloatArray, values: FloatArray, candidates: FloatArray) -> FloatArray:
    """Expected gain over the best of `values` [n] at `points` [n, 2], at `candidates` [m, 2]: shape [m]."""
    from scipy.special import ndtr

    mean, deviation = posterior(points, values, candidates)
    deviation = np.maximum(deviation, 1e-12)
    ahead = (mean - values.max()) / deviation
    return np.asarray(deviation * (ahead * ndtr(ahead) + np.exp(-(ahead**2) / 2) / np.sqrt(2 * np.pi)))
