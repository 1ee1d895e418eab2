"""Two objectives, cost and gain: the Pareto front, its hypervolume, and the gain of a score's pick in a budget.

Lower cost and higher gain are better. Negate a quantity to reverse its direction.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError
from harness.stats._pairs import FloatArray, checked_vector

IntArray = npt.NDArray[np.intp]


def pareto_front(costs: npt.ArrayLike, gains: npt.ArrayLike) -> IntArray:
    """The Pareto front: points that no other point dominates, in ascending order of cost.

    One point dominates another if its cost is no higher and its gain no lower, and one of them is strictly better.
    Points that are equal in both do not dominate each other: all of them are on the front, or none.

    Args:
        costs: finite numbers, shape [n], n >= 1; lower is better.
        gains: finite numbers, shape [n]; higher is better.

    Returns:
        Indices, shape [front], sorted by cost, equal points by index; costs and gains both rise along them.

    Raises:
        ScoresError: for NaN or infinity (counted), no point, or unequal lengths.

    Cost: O(n log n), by sorting.

    >>> pareto_front([1.0, 2.0, 3.0, 3.0], [5.0, 4.0, 7.0, 6.0]).tolist()
    [0, 2]
    """
    cost_vector, gain_vector = _checked(costs, "costs", gains, "gains")
    order = np.lexsort((-gain_vector, cost_vector))
    sorted_costs, sorted_gains = cost_vector[order], gain_vector[order]
    starts = np.flatnonzero(np.concatenate([[True], sorted_costs[1:] != sorted_costs[:-1]]))
    best_at_cost = sorted_gains[starts]
    best_below = np.concatenate([[-math.inf], np.maximum.accumulate(best_at_cost)[:-1]])
    place = np.repeat(np.arange(starts.size), np.diff(np.append(starts, order.size)))
    is_best = sorted_gains == best_at_cost[place]
    return np.asarray(order[is_best & (best_at_cost > best_below)[place]])


def hypervolume(costs: npt.ArrayLike, gains: npt.ArrayLike, reference: tuple[float, float]) -> float:
    """Area of the points that some point dominates and that dominate the reference point (Zitzler & Thiele 1999).

    Args:
        costs: finite numbers, shape [n], n >= 1; lower is better.
        gains: finite numbers, shape [n]; higher is better.
        reference: a cost and a gain; points that are not better in both add nothing.

    Returns:
        The area, in units of cost times gain, from 0.

    Raises:
        ScoresError: for NaN or infinity (counted), no point, or unequal lengths.

    >>> hypervolume([1.0, 2.0], [3.0, 5.0], reference=(4.0, 1.0))
    10.0
    """
    cost_vector, gain_vector = _checked(costs, "costs", gains, "gains")
    front = pareto_front(cost_vector, gain_vector)
    steps = np.minimum(cost_vector[front], reference[0])
    heights = np.maximum(gain_vector[front] - reference[1], 0.0)
    return float(np.diff(np.append(steps, reference[0])) @ heights)


def picked_within(
    costs: npt.ArrayLike, scores: npt.ArrayLike, gains: npt.ArrayLike, budgets: npt.ArrayLike
) -> FloatArray:
    """Gain of the pick of a score within each budget: the point with the highest score whose cost is within it.

    Of equal scores the cheapest is picked; of points that are equal in both, one at random, so that the expected gain
    is their mean. These picks are the Pareto front of cost and score. With the gains as scores, the result is the best
    possible gain within a budget.

    Args:
        costs: finite numbers, shape [n], n >= 1; lower is better.
        scores: finite numbers, shape [n]; higher is better.
        gains: finite numbers, shape [n], any unit.
        budgets: finite numbers, shape [m], in the unit of the costs.

    Returns:
        Gains, shape [m]; NaN where no point is within the budget.

    Raises:
        ScoresError: for NaN or infinity (counted), no point, or unequal lengths.

    >>> picked_within([1.0, 2.0, 3.0], [5.0, 9.0, 7.0], [80.0, 70.0, 90.0], budgets=[0.5, 1.0, 3.0]).tolist()
    [nan, 80.0, 70.0]
    """
    cost_vector, score_vector = _checked(costs, "costs", scores, "scores")
    _, gain_vector = _checked(cost_vector, "costs", gains, "gains")
    front = pareto_front(cost_vector, score_vector)
    steps, place, counts = np.unique(cost_vector[front], return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=gain_vector[front]) / counts
    return _at_budgets(steps, means, budgets)


def mean_within(costs: npt.ArrayLike, gains: npt.ArrayLike, budgets: npt.ArrayLike) -> FloatArray:
    """Mean gain of all points within each budget, the expected gain of a random one among them.

    Args:
        costs: finite numbers, shape [n], n >= 1.
        gains: finite numbers, shape [n], any unit.
        budgets: finite numbers, shape [m], in the unit of the costs.

    Returns:
        Mean gains, shape [m]; NaN where no point is within the budget.

    Raises:
        ScoresError: for NaN or infinity (counted), no point, or unequal lengths.
    """
    cost_vector, gain_vector = _checked(costs, "costs", gains, "gains")
    order = np.argsort(cost_vector, kind="stable")
    steps, last_from_behind = np.unique(cost_vector[order][::-1], return_index=True)
    means = np.cumsum(gain_vector[order]) / np.arange(1, order.size + 1)
    return _at_budgets(steps, means[order.size - 1 - last_from_behind], budgets)


def _at_budgets(steps: FloatArray, values: FloatArray, budgets: npt.ArrayLike) -> FloatArray:
    """The value at the last of the ascending `steps` within each budget; NaN before the first step."""
    places = np.searchsorted(steps, checked_vector(budgets, "budgets"), side="right")
    return np.concatenate([[math.nan], values])[places]


def _checked(
    first: npt.ArrayLike, first_name: str, second: npt.ArrayLike, second_name: str
) -> tuple[FloatArray, FloatArray]:
    first_vector, second_vector = checked_vector(first, first_name), checked_vector(second, second_name)
    if first_vector.size != second_vector.size:
        raise ScoresError(
            f"{first_name} and {second_name} must pair up; got {first_vector.size} {first_name} and "
            f"{second_vector.size} {second_name}"
        )
    if first_vector.size == 0:
        raise ScoresError(f"{first_name} and {second_name} are empty: a front needs at least one architecture")
    return first_vector, second_vector


def undominated(costs: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which points are on the Pareto front of any number of costs: that no other point dominates.

    A point dominates another if none of its costs is higher and one is lower; equal points do not dominate each other.

    Args:
        costs: finite numbers, shape [n, k], n >= 1; lower is better.

    Returns:
        A mask, shape [n].

    Raises:
        ScoresError: for NaN or infinity, no point, or another number of axes.

    Cost: O(n · front).

    >>> undominated([[1, 5], [2, 4], [2, 6], [1, 5]]).tolist()
    [True, True, False, True]
    """
    table = np.asarray(costs, dtype=np.float64)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ScoresError(f"costs must be finite numbers of shape [n, k], got shape {table.shape}")
    front: list[int] = []
    for place in np.lexsort(table.T[::-1]):  # whatever dominates a point comes before it
        others = table[front]
        if not ((others <= table[place]).all(axis=1) & (others < table[place]).any(axis=1)).any():
            front.append(int(place))
    mask = np.zeros(len(table), dtype=np.bool_)
    mask[front] = True
    return mask
