"""The best of the k highest-scored, by writing out every way to break the ties; nothing of the package under test."""

import math
from fractions import Fraction
from itertools import combinations, pairwise, permutations


def best_by_score(scores, accuracies, k: int) -> float:
    """Mean over all sets of k architectures that no left-out architecture outscores, in exact arithmetic."""
    everyone = range(len(scores))
    choices = [
        chosen
        for chosen in combinations(everyone, k)
        if min(scores[i] for i in chosen) >= max((scores[i] for i in everyone if i not in chosen), default=-1e300)
    ]
    return float(sum(Fraction(max(accuracies[i] for i in chosen)) for chosen in choices) / len(choices))


def top_sets(values, k: int) -> list[tuple[int, ...]]:
    """All sets of k that no left-out architecture outdoes."""
    everyone = range(len(values))
    return [
        chosen
        for chosen in combinations(everyone, k)
        if min(values[i] for i in chosen) >= max((values[i] for i in everyone if i not in chosen), default=-1e300)
    ]


def precision_at(scores, accuracies, k: int) -> float:
    """Mean share in common, over every way to break the ties of either."""
    shares = [
        Fraction(len(set(picked) & set(best)), k) for picked in top_sets(scores, k) for best in top_sets(accuracies, k)
    ]
    return float(sum(shares) / len(shares))


def ndcg_at(scores, accuracies, k: int) -> float:
    """Mean over all orders by falling score of the discounted gains, over that of the best order."""
    low, high = min(accuracies), max(accuracies)
    gains = [(accuracy - low) / (high - low) for accuracy in accuracies]

    def discounted(order) -> float:
        return sum(gains[i] / math.log2(rank + 2) for rank, i in enumerate(order[:k]))

    orders = [
        order for order in permutations(range(len(scores))) if all(scores[i] >= scores[j] for i, j in pairwise(order))
    ]
    best = discounted(sorted(range(len(gains)), key=lambda i: -gains[i]))
    return sum(map(discounted, orders)) / len(orders) / best


def ndcg_of_powers(scores: list[float], accuracies: list[float], k: int) -> float:
    """NDCG with gain 2^accuracy - 1 at rank k, the mean over all orders of tied scores, one after the other."""
    places = range(len(scores))

    def gain(order: tuple[int, ...]) -> float:
        return sum((2 ** accuracies[place] - 1) / math.log2(1 + rank) for rank, place in enumerate(order[:k], start=1))

    orders = [order for order in permutations(places) if all(scores[a] >= scores[b] for a, b in pairwise(order))]
    ideal = gain(tuple(sorted(places, key=lambda place: -accuracies[place])))
    return sum(map(gain, orders)) / len(orders) / ideal


def ranks_by_accuracy(accuracies: list[float]) -> list[int]:
    """1 plus the number of more accurate ones."""
    return [1 + sum(other > accuracy for other in accuracies) for accuracy in accuracies]


def mean_rank_at(scores: list[float], accuracies: list[float], k: int, extreme) -> float:
    """Mean over all sets of k highest scores of the least (`min`) or largest (`max`) rank in the set, over n."""
    ranks, sets = ranks_by_accuracy(accuracies), top_sets(scores, k)
    return float(sum(Fraction(extreme(ranks[place] for place in chosen)) for chosen in sets) / len(sets) / len(scores))


def naslib_at(scores, accuracies, k: int) -> dict[str, float]:
    """NASLib's measures of the first k of distinct scores and accuracies, by sorting."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])[:k]
    by_accuracy = sorted(range(len(scores)), key=lambda place: -accuracies[place])
    ranks = [by_accuracy.index(place) + 1 for place in order]
    agreeing = [
        1 if (scores[a] - scores[b]) * (accuracies[a] - accuracies[b]) > 0 else -1 for a, b in combinations(order, 2)
    ]
    return {
        "precision": sum(rank <= k for rank in ranks) / k,
        "kendall": sum(agreeing) / len(agreeing),
        "best": min(ranks) / len(scores),
        "worst": max(ranks) / len(scores),
    }
