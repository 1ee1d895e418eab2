"""The front and the picks within a budget, by comparing every point with every other; nothing of the package."""

from fractions import Fraction


def dominates(cost, gain, other_cost, other_gain) -> bool:
    no_worse = cost <= other_cost and gain >= other_gain
    return no_worse and (cost < other_cost or gain > other_gain)


def pareto_front(costs, gains) -> set[int]:
    """Indices of the points that none dominates, O(n²)."""
    points = list(zip(costs, gains, strict=True))
    return {
        index
        for index, (cost, gain) in enumerate(points)
        if not any(dominates(other_cost, other_gain, cost, gain) for other_cost, other_gain in points)
    }


def picked_within(costs, scores, gains, budget) -> float | None:
    """Mean gain of the affordable with the highest score, of those the cheapest; None where none is affordable."""
    affordable = [row for row in zip(costs, scores, gains, strict=True) if row[0] <= budget]
    if not affordable:
        return None
    best = max(score for _, score, _ in affordable)
    cheapest = min(cost for cost, score, _ in affordable if score == best)
    chosen = [Fraction(gain) for cost, score, gain in affordable if (cost, score) == (cheapest, best)]
    return float(sum(chosen) / len(chosen))


def mean_within(costs, gains, budget) -> float | None:
    affordable = [Fraction(gain) for cost, gain in zip(costs, gains, strict=True) if cost <= budget]
    return float(sum(affordable) / len(affordable)) if affordable else None
