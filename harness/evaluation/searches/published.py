"""Published searches on NAS-Bench-201: test accuracy in per cent after 200 epochs, mean and standard deviation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

_NASWOT = "Mellor et al. 2021 (NASWOT), table 2"
_QUOTED = f"{_NASWOT}, which quotes them"
_BENCHMARK = "Dong & Yang 2020 (NAS-Bench-201)"
_NASI = "Shu et al. 2022 (NASI)"
_NAS_NGE = (
    "re-run with 40 steps by Wakayama & Kanamori 2024 (NAS-NGE, ICLR submission 2379), on code built on the authors' "
    "supplement; standard errors of 5 searches 1.62, 3.27, 3.67"
)
_HE = "He et al. 2024 (RoBoT)"
_ROBOT = f"re-run by {_HE}"
_ALONE = math.nan  # one architecture: no deviation
_UNKNOWN = math.nan  # a deviation that is not printed


class PublishedSearch(NamedTuple):
    """A published search: one row of a paper's table of test accuracies.

    Attributes:
        label: name of the search in the paper; where ours is only similar, it says so.
        cifar10: mean and standard deviation on CIFAR-10; NaN for the deviation of a single architecture, or one that
            is not printed.
        cifar100: mean and standard deviation on CIFAR-100.
        imagenet16_120: mean and standard deviation on ImageNet16-120.
        seconds: seconds of the search on a GTX 1080Ti; None if not published.
        source: the paper and its table.
    """

    label: str
    cifar10: tuple[float, float]
    cifar100: tuple[float, float]
    imagenet16_120: tuple[float, float]
    seconds: float | None = None
    source: str = _NASWOT


PUBLISHED_QUERIES: Mapping[str, PublishedSearch] = {
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
    "robot": PublishedSearch("RoBoT", (94.36, 0.0), (73.51, 0.0), (46.34, 0.0), 3_051, _HE),
}
"""Published rows by the name of our search that queries a table; in Mellor et al. of 500 runs each."""

PUBLISHED_OTHERS: Mapping[str, tuple[PublishedSearch, ...]] = {
    "resnet": (PublishedSearch("ResNet", (93.97, _ALONE), (70.86, _ALONE), (43.63, _ALONE), None, _BENCHMARK),),
    "optimal": (PublishedSearch("Optimal", (94.37, _ALONE), (73.51, _ALONE), (47.31, _ALONE), None, _BENCHMARK),),
    "enas": (PublishedSearch("ENAS", (54.30, 0.0), (15.61, 0.0), (16.32, 0.0), 13_315, _QUOTED),),
    "setn": (PublishedSearch("SETN", (86.19, 4.63), (56.87, 7.77), (31.90, 4.07), 31_010, _QUOTED),),
    "rsps": (PublishedSearch("RSPS", (87.66, 1.69), (58.33, 4.34), (31.14, 3.88), 7_587, _QUOTED),),
    "darts": (PublishedSearch("DARTS-V1", (54.30, 0.0), (15.61, 0.0), (16.32, 0.0), 10_890, _QUOTED),),
    "darts-second-order": (PublishedSearch("DARTS-V2", (54.30, 0.0), (15.61, 0.0), (16.32, 0.0), 29_902, _QUOTED),),
    "gdas": (PublishedSearch("GDAS", (93.51, 0.13), (70.61, 0.26), (41.84, 0.90), 28_926, _QUOTED),),
    "drnas": (
        PublishedSearch("DrNAS", (94.36, 0.0), (73.51, 0.0), (46.34, 0.0), None, "Chen et al. 2021 (DrNAS)"),
        PublishedSearch("DrNAS", (93.98, 0.58), (72.31, 1.70), (44.02, 3.24), 14_887, _ROBOT),
    ),
    "beta-darts": (
        PublishedSearch("β-DARTS", (94.36, 0.0), (73.51, 0.0), (46.34, 0.0), None, "Ye et al. 2022 (β-DARTS)"),
        PublishedSearch("β-DARTS", (94.00, 0.22), (72.91, 0.43), (46.20, 0.38), 3_280, _ROBOT),
    ),
    "te_nas": (
        PublishedSearch("TE-NAS", (93.90, 0.47), (71.24, 0.56), (42.38, 0.46), 1_558, "Chen et al. 2021 (TE-NAS)"),
    ),
    "nasi_t": (
        PublishedSearch("NASI (T)", (93.08, 0.24), (69.51, 0.59), (40.87, 0.85), 30, _NASI),
        PublishedSearch("NASI", (90.84, _UNKNOWN), (65.51, _UNKNOWN), (35.95, _UNKNOWN), None, _NAS_NGE),
    ),
    "nasi_4t": (PublishedSearch("NASI (4T)", (93.55, 0.10), (71.20, 0.14), (44.84, 1.41), 120, _NASI),),
}
"""The other rows of the papers' tables, by the name of the search or architecture; some are in several papers."""
