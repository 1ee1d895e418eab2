"""Correlation beyond size, the slow way: ranks regressed on ranks, and every pair of a class counted."""

import math
from itertools import combinations

import numpy as np

from tests.reference.stats_rank_correlation import mid_ranks, pearson, sign


def partial_spearman(first, second, held) -> float:
    """Correlation of the residuals of both vectors' ranks on the ranks of those held, by least squares."""
    design = np.column_stack([np.ones(len(first)), *map(mid_ranks, held)])
    residuals = []
    for values in (first, second):
        ranks = np.array(mid_ranks(values))
        solution = np.linalg.lstsq(design, ranks, rcond=None)[0]
        residuals.append(ranks - design @ solution)
    return pearson(*residuals)


def kendall_within(first, second, classes) -> float:
    agreement = untied_first = untied_second = 0
    for i, j in combinations(range(len(first)), 2):
        if classes[i] != classes[j]:
            continue
        one, other = sign(first[i] - first[j]), sign(second[i] - second[j])
        agreement += one * other
        untied_first += one * one
        untied_second += other * other
    return agreement / math.sqrt(untied_first * untied_second)
