"""Searches that look at a training-free score first: the best of N by score, and evolution warmed up by it.

Mellor et al., "Neural Architecture Search without Training", ICML 2021 (NASWOT and AREA); Abdelfattah et al.,
"Zero-Cost Proxies for Lightweight NAS", ICLR 2021 (warm-up). Only cells that have a score are drawn, so that one
without (NaN) is never picked by it; in NASWOT's script it is drawn and loses. Among equals the first drawn is taken.
"""

from __future__ import annotations

import numpy as np

from harness.errors import SearchError
from harness.search.query.draws import Draws
from harness.search.query.evolution import POPULATION, evolved
from harness.search.query.indexed import CellArray, FloatArray, IndexedSpace, drawn
from harness.search.query.oracle import Oracle


def best_of_samples(
    oracle: Oracle, space: IndexedSpace, draws: Draws, *, scores: FloatArray, samples: int
) -> CellArray:
    """The highest-scored of `samples` cells drawn uniformly with replacement, shape [R]; no accuracy is asked for.

    Args:
        oracle: only says how many runs there are.
        space: not needed, since the scores are of all its cells.
        draws: random numbers.
        scores: of all cells, shape [C], higher is better; NaN where there is none.
        samples: cells drawn, N.

    Source: `search.py` of BayesWatch/nas-without-training. What scoring costs is not counted.
    """
    cells = _scored(scores, draws.random((oracle.runs, samples)))
    return np.asarray(cells[np.arange(oracle.runs), np.argmax(scores[cells], axis=1)])


def assisted_evolution(
    oracle: Oracle,
    space: IndexedSpace,
    draws: Draws,
    *,
    scores: FloatArray,
    pool: int = 2 * POPULATION,
    population: int = POPULATION,
) -> CellArray:
    """Regularised evolution whose first population are the best by score of a pool of random cells, shape [R].

    A pool of 20 for a population of 10 is AREA (section 4.1 of Mellor et al.); a pool of 1,000 is the warm-up of
    Abdelfattah et al. They do not say in which order the first population ages; here it is that of the drawing.

    Args:
        oracle: answers and counts; scoring is free.
        space: of the cells.
        draws: random numbers.
        scores: of all cells, shape [C], higher is better; NaN where there is none.
        pool: cells drawn uniformly with replacement.
        population: how many of them are kept.
    """
    cells = _scored(scores, draws.random((oracle.runs, pool)))
    by_score = np.argsort(-scores[cells], axis=1, kind="stable")[:, :population]
    return evolved(oracle, space, draws, np.take_along_axis(cells, np.sort(by_score, axis=1), axis=1))


def _scored(scores: FloatArray, uniforms: FloatArray) -> CellArray:
    """Cells that have a score, of the shape of the uniforms; SearchError if none has."""
    there = np.flatnonzero(~np.isnan(scores))
    if not there.size:
        raise SearchError("no cell has a score: score some first, or choose a search that needs none")
    return np.asarray(there[drawn(uniforms, there.size)])
