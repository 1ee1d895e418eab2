"""Rank correlation as the textbooks write it: slow, plain Python, nothing of the package under test.

Kendall (1945), "The treatment of ties in ranking problems", for tau-b; Vigna (2015), "A weighted correlation index for
rankings with ties", for the weighted tau, whose ties share their weights equally; Spearman (1904) as the product-moment
correlation of mid-ranks.
"""

import math
from itertools import combinations, pairwise, permutations


def sign(value: float) -> int:
    return int(value > 0) - int(value < 0)


def kendall_tau_b(first, second) -> float:
    """Concordant minus discordant pairs, over the root of the product of the pairs untied in each."""
    agreement = untied_first = untied_second = 0
    for i, j in combinations(range(len(first)), 2):
        one, other = sign(first[i] - first[j]), sign(second[i] - second[j])
        agreement += one * other
        untied_first += one * one
        untied_second += other * other
    return agreement / math.sqrt(untied_first * untied_second)


def mid_ranks(values) -> list[float]:
    """1 + the number of smaller values + half the number of other equal ones."""
    return [
        1 + sum(other < value for other in values) + (sum(other == value for other in values) - 1) / 2
        for value in values
    ]


def pearson(first, second) -> float:
    mean_first, mean_second = math.fsum(first) / len(first), math.fsum(second) / len(second)
    shared = math.fsum((x - mean_first) * (y - mean_second) for x, y in zip(first, second, strict=True))
    spread_first = math.fsum((x - mean_first) ** 2 for x in first)
    spread_second = math.fsum((y - mean_second) ** 2 for y in second)
    return shared / math.sqrt(spread_first * spread_second)


def spearman(first, second) -> float:
    return pearson(mid_ranks(first), mid_ranks(second))


def weighted_tau(first, second) -> float:
    """Mean of the two weighted taus, ranked by the first and by the second."""
    return (_tau_weighted(first, second, mean_weights(first)) + _tau_weighted(first, second, mean_weights(second))) / 2


def mean_weights(values) -> list[float]:
    """1 / (rank + 1) with rank 0 for the largest; equal values have the mean over the ranks that they fill."""
    found = []
    for value in values:
        higher, equal = sum(other > value for other in values), sum(other == value for other in values)
        found.append(math.fsum(1 / (rank + 1) for rank in range(higher, higher + equal)) / equal)
    return found


def _tau_weighted(first, second, weights) -> float:
    """An exchange of two elements weighs the sum of their weights."""
    agreement, untied_first, untied_second = _weighted_sums(first, second, weights)
    return agreement / math.sqrt(untied_first * untied_second)


def weighted_tau_over_all_orders(first, second) -> float:
    """The same, with the three sums averaged over all orders of the ties; factorial cost."""
    taus = []
    for leading in (first, second):
        orders = [
            order
            for order in permutations(range(len(leading)))
            if all(leading[one] >= leading[other] for one, other in pairwise(order))
        ]
        sums = [
            _weighted_sums(first, second, [1 / (order.index(element) + 1) for element in range(len(leading))])
            for order in orders
        ]
        agreement, untied_first, untied_second = (math.fsum(column) / len(orders) for column in zip(*sums, strict=True))
        taus.append(agreement / math.sqrt(untied_first * untied_second))
    return sum(taus) / 2


def _weighted_sums(first, second, weights) -> tuple[float, float, float]:
    agreement = untied_first = untied_second = 0.0
    for i, j in combinations(range(len(first)), 2):
        one, other = sign(first[i] - first[j]), sign(second[i] - second[j])
        exchange = weights[i] + weights[j]
        agreement += exchange * one * other
        untied_first += exchange * one * one
        untied_second += exchange * other * other
    return agreement, untied_first, untied_second
