"""Searches that use a training-free score: the best of N by score, and evolution warmed up by it.

Mellor et al., "Neural Architecture Search without Training", ICML 2021 (NASWOT and AREA); Abdelfattah et al.,
"Zero-Cost Proxies for Lightweight NAS", ICLR 2021 (warm-up). Only cells that have a score are drawn; NASWOT's script
also draws cells without a score (NaN), which then lose. Of equal scores the first drawn is taken.
"""

from __future__ import annotations

import numpy as np

from harness.errors import SearchError
from harness.search.query.draws import Draws
from harness.search.query.evolution import POPULATION, evolved
from harness.search.query.indexed import CellArray, FloatArray, integers_below
from harness.search.query.oracle import Oracle
from harness.spaces.searches import IndexedSpace


def best_of_samples(
    oracle: Oracle, space: IndexedSpace, draws: Draws, *, scores: FloatArray, samples: int
) -> CellArray:
    """The cell with the highest score among `samples` random cells, shape [R]; no accuracy is queried.

    Args:
        oracle: the oracle, of which only the number of runs is read.
        space: the space of the cells, which is not read, since the scores are those of all cells.
        draws: source of random numbers.
        scores: scores of all cells, shape [C], higher is better; NaN where there is none.
        samples: number of cells, N, drawn uniformly with replacement.

    Source: `search.py` of BayesWatch/nas-without-training. The cost of scoring is not counted.
    """
    cells = _scored(scores, draws.random((oracle.runs, samples)))
    return np.asarray(cells[np.arange(oracle.runs), np.argmax(scores[cells], axis=1)])


def best_by_knas(
    oracle: Oracle, space: IndexedSpace, draws: Draws, *, knas: FloatArray, samples: int = 100
) -> CellArray:
    """The cell with the highest mean of its gradients' Gram matrix among random cells, shape [R].

    It is the part of KNAS (Xu et al., ICML 2021) that costs no training. That 100 cells are drawn, as in a row of
    NASWOT, is ours: the numbers of the paper were not seen.

    Args:
        oracle: the oracle, of which only the number of runs is read.
        space: the space of the cells, which is not read.
        draws: source of random numbers.
        knas: scores of all cells, shape [C]; NaN where there is none.
        samples: number of cells, drawn uniformly with replacement.
    """
    return best_of_samples(oracle, space, draws, scores=knas, samples=samples)


def assisted_evolution(
    oracle: Oracle,
    space: IndexedSpace,
    draws: Draws,
    *,
    scores: FloatArray,
    pool: int = 2 * POPULATION,
    population: int = POPULATION,
) -> CellArray:
    """Regularised evolution whose first population are the best of a pool of random cells by score, shape [R].

    A pool of 20 for a population of 10 is AREA (section 4.1 of Mellor et al.); a pool of 1,000 is the warm-up of
    Abdelfattah et al. They do not say in which order the first population ages; here it is the order in which cells
    were drawn.

    Args:
        oracle: answers the queries and counts their cost; scoring is free.
        space: the space of the cells.
        draws: source of random numbers.
        scores: scores of all cells, shape [C], higher is better; NaN where there is none.
        pool: number of cells that are drawn uniformly with replacement.
        population: number of cells of the pool that are kept.
    """
    cells = _scored(scores, draws.random((oracle.runs, pool)))
    by_score = np.argsort(-scores[cells], axis=1, kind="stable")[:, :population]
    return evolved(oracle, space, draws, np.take_along_axis(cells, np.sort(by_score, axis=1), axis=1))


def _scored(scores: FloatArray, uniforms: FloatArray) -> CellArray:
    """Random cells among those that have a score, of the shape of `uniforms`; SearchError if none has a score."""
    there = np.flatnonzero(~np.isnan(scores))
    if not there.size:
        raise SearchError("no cell has a score: score some first, or choose a search that needs none")
    return np.asarray(there[integers_below(uniforms, there.size)])
