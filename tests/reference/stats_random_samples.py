"""The highest-scored of a random sample, by writing out every sample and every tie-break; nothing under test."""

from fractions import Fraction
from itertools import combinations, product


def best_of_random(scores, values, samples: int) -> tuple[float, float]:
    """Mean and standard deviation over all n^N samples and the members of each that tie for the highest score."""
    outcomes: list[tuple[Fraction, Fraction]] = []
    everyone = range(len(scores))
    for sample in product(everyone, repeat=samples):
        highest = max(scores[i] for i in sample)
        tied = [i for i in sample if scores[i] == highest]
        outcomes += [(Fraction(1, len(everyone) ** samples * len(tied)), Fraction(values[i])) for i in tied]
    mean = sum(weight * value for weight, value in outcomes)
    variance = sum(weight * (value - mean) ** 2 for weight, value in outcomes)
    return float(mean), float(variance) ** 0.5


def best_without_replacement(scores, values, samples: int) -> tuple[float, float]:
    """The same over all subsets of N, each as likely as any other."""
    outcomes: list[tuple[Fraction, Fraction]] = []
    subsets = list(combinations(range(len(scores)), samples))
    for sample in subsets:
        highest = max(scores[i] for i in sample)
        tied = [i for i in sample if scores[i] == highest]
        outcomes += [(Fraction(1, len(subsets) * len(tied)), Fraction(values[i])) for i in tied]
    mean = sum(weight * value for weight, value in outcomes)
    variance = sum(weight * (value - mean) ** 2 for weight, value in outcomes)
    return float(mean), float(variance) ** 0.5
