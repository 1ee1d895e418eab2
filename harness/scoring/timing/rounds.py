"""Rounds of timing: in each, every architecture is timed once, in a random order, so that drift hits all alike.

Some architectures are timed once more in each round, at a place of their own: a second series of repeats, whose median
tells how well a median is known.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from harness.setting import derived_seed

FIRST, AGAIN = 0, 1
"""The two series of repeats; all architectures have the first."""


class Visit(NamedTuple):
    """One timing.

    Attributes:
        architecture: text of the architecture.
        series: `FIRST` or `AGAIN`.
    """

    architecture: str
    series: int


def timed_again(architectures: Sequence[str], count: int, seed: int) -> list[str]:
    """The architectures with a second series: `count` of them, drawn at random, or all where there are fewer."""
    generator = random.Random(derived_seed(seed, "latency", "again"))
    return generator.sample(list(architectures), min(count, len(architectures)))


def visits_of_round(architectures: Sequence[str], again: Sequence[str], seed: int, number: int) -> list[Visit]:
    """The timings of one round in their order, which follows from the seed and the number of the round alone."""
    visits = [*(Visit(text, FIRST) for text in architectures), *(Visit(text, AGAIN) for text in again)]
    random.Random(derived_seed(seed, "latency", "round", str(number))).shuffle(visits)
    return visits
