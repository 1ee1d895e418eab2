"""Influences of elements on rank correlations, by finite differences of the weighted coefficients, pair by pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence


def weighted_spearman(x: Sequence[float], y: Sequence[float], weights: Sequence[float]) -> float:
    """Pearson's coefficient of the mid-ranks under weights that add up to one."""

    def shares(values: Sequence[float]) -> list[float]:
        return [
            sum(
                w * (1.0 if other < own else 0.5 if other == own else 0.0)
                for other, w in zip(values, weights, strict=True)
            )
            for own in values
        ]

    f, g = shares(x), shares(y)

    def mean(values: Sequence[float]) -> float:
        return sum(w * value for w, value in zip(weights, values, strict=True))

    def covariance(a: Sequence[float], b: Sequence[float]) -> float:
        return mean([(p - mean(a)) * (q - mean(b)) for p, q in zip(a, b, strict=True)])

    return covariance(f, g) / math.sqrt(covariance(f, f) * covariance(g, g))


def weighted_kendall(x: Sequence[float], y: Sequence[float], weights: Sequence[float]) -> float:
    """Kendall's tau-b with every pair weighted by the product of its weights."""

    def sign(value: float) -> int:
        return (value > 0) - (value < 0)

    agreeing = first = second = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            weight = weights[i] * weights[j]
            agreeing += weight * sign(x[i] - x[j]) * sign(y[i] - y[j])
            first += weight * (x[i] != x[j])
            second += weight * (y[i] != y[j])
    return agreeing / math.sqrt(first * second)


def influences(
    coefficient: Callable[[Sequence[float], Sequence[float], Sequence[float]], float],
    x: Sequence[float],
    y: Sequence[float],
    step: float = 1e-5,
) -> list[float]:
    """Central difference of the coefficient as the weight of each element grows and those of the others shrink."""
    n = len(x)

    def at(k: int, epsilon: float) -> float:
        weights = [(1 - epsilon) / n] * n
        weights[k] += epsilon
        return coefficient(x, y, weights)

    return [(at(k, step) - at(k, -step)) / (2 * step) for k in range(n)]
