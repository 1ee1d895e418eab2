"""Regularisers of DARTS-PRIME by plain loops over NumPy arrays, with their gradients by α written out; no torch.

Legend: alpha [E][O] of one group, a = softmax(alpha), target D(a) or Z − U, rho weight, p share of the search.
"""

import math

import numpy as np


def softmax(alpha):
    return np.array([[math.exp(value) / sum(map(math.exp, row)) for value in row] for row in alpha])


def argmax_per_edge(a):
    """D where every edge is kept: 1 at the first largest weight of each edge."""
    found = np.zeros_like(a)
    for edge, row in enumerate(a):
        found[edge, list(row).index(max(row))] = 1
    return found


def two_best_inputs(a, edges):
    """D of the DARTS space: at each node the two edges with the largest weight of an operation but the first."""
    found = np.zeros_like(a)
    for node in {target for target, _ in edges}:
        own = [place for place, (target, _) in enumerate(edges) if target == node]
        for place in sorted(own, key=lambda place: -max(a[place][1:]))[:2]:
            row = list(a[place][1:])
            found[place, 1 + row.index(max(row))] = 1
    return found


def by_alpha(a, by_a):
    """The gradient by α of a function of a = softmax(α), from its gradient by a."""
    found = np.zeros_like(a)
    for edge in range(a.shape[0]):
        for one in range(a.shape[1]):
            for other in range(a.shape[1]):
                found[edge, one] += by_a[edge, other] * a[edge, other] * ((one == other) - a[edge, one])
    return found


def norm(values):
    return math.sqrt(sum(value**2 for row in values for value in row))


def pull(alpha, target, weight):
    """weight · ‖softmax(α) − target‖ and its gradient by α, the target constant."""
    a = softmax(alpha)
    length = norm(a - target)
    return weight * length, by_alpha(a, weight * (a - target) / length)


def proximity(alpha, target, rho, p):
    return pull(alpha, target, p * rho / 2)


def admm(alpha, discrete, dual, rho):
    return pull(alpha, discrete - dual, rho / 2)


def adjusted(alpha, target, rho, p):
    a = softmax(alpha)
    power = math.log(2) / math.log(a.shape[1])
    values, slopes = np.zeros_like(a), np.zeros_like(a)
    for edge in range(a.shape[0]):
        for one in range(a.shape[1]):
            x, gap = a[edge, one], a[edge, one] - target[edge, one]
            factor = (1 - p) * 4 * (x**power - 0.5) ** 2 + p
            values[edge, one] = gap * factor
            slopes[edge, one] = factor + gap * (1 - p) * 8 * (x**power - 0.5) * power * x ** (power - 1)
    length = norm(values)
    return rho / 2 * length, by_alpha(a, rho / 2 * values * slopes / length)


def schedule(fishers, steps, first=1.0, rise=1.05):
    """The steps of α for a given F before each step (None where it is not known), and the thresholds before them."""
    threshold, moves, thresholds = first, [], []
    for fisher in fishers:
        thresholds.append(threshold)
        moves.append(fisher is not None and 0 < fisher < threshold)
        threshold = threshold * math.exp(-math.log(rise) * steps) if moves[-1] else threshold * rise
    return moves, thresholds
