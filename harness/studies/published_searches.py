"""What papers print of searches on NAS-Bench-201: test accuracy in per cent after 200 epochs, mean and deviation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_NASWOT = "Mellor et al. 2021 (NASWOT), table 2"
_QUOTED = f"{_NASWOT}, which quotes them"


class PublishedSearch(NamedTuple):
    """A row of a paper's table.

    Attributes:
        label: the search's name there, or what is only like it.
        cifar10: mean and standard deviation on CIFAR-10.
        cifar100: on CIFAR-100.
        imagenet16_120: on ImageNet16-120.
        seconds: of the search on a GTX 1080Ti, None where there are none.
        source: the paper and its table.
    """

    label: str
    cifar10: tuple[float, float]
    cifar100: tuple[float, float]
    imagenet16_120: tuple[float, float]
    seconds: float | None = None
    source: str = _NASWOT


PUBLISHED: Mapping[str, PublishedSearch] = {
    "random": PublishedSearch("Random", (86.61, 13.46), (60.83, 12.58), (33.13, 9.66)),
    "optimal_of_10": PublishedSearch("Optimal (N=10)", (93.06, 0.59), (69.76, 1.25), (43.30, 1.87)),
    "optimal_of_100": PublishedSearch("Optimal (N=100)", (93.84, 0.23), (71.56, 0.78), (45.67, 0.64)),
    "random_search": PublishedSearch("RS", (93.70, 0.36), (71.04, 1.07), (44.57, 1.25), 12_000, _QUOTED),
    "regularised_evolution": PublishedSearch("REA", (93.92, 0.30), (71.84, 0.99), (45.54, 1.03), 12_000, _QUOTED),
    "reinforce": PublishedSearch("REINFORCE", (93.85, 0.37), (71.71, 1.09), (45.24, 1.18), 12_000, _QUOTED),
    "successive_halving": PublishedSearch(
        "BOHB (another search)", (93.61, 0.52), (70.85, 1.28), (44.42, 1.49), 12_000, _QUOTED
    ),
    "best_of_10": PublishedSearch("NASWOT (N=10)", (92.44, 1.13), (68.62, 2.04), (41.31, 4.11), 3.05),
    "best_of_100": PublishedSearch("NASWOT (N=100)", (92.81, 0.99), (69.48, 1.70), (43.10, 3.16), 30.0),
    "best_of_1000": PublishedSearch("NASWOT (N=1000)", (92.96, 0.81), (69.98, 1.22), (44.44, 2.10), 306),
    "hnas": PublishedSearch("HNAS", (94.04, 0.21), (71.75, 1.04), (45.91, 0.88), 3_010, "Shu et al. 2022 (HNAS)"),
}
"""By the name of the search here; 500 runs each in Mellor et al."""
