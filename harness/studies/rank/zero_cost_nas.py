"""Study: rank correlation of every proxy with CIFAR-10 images and with Gaussian noise, next to the papers' numbers.

The published numbers are of all 15,625 cells or of other samples, with the networks and weights of the authors' code;
ours are of one sample, and its intervals say how far the two can be told apart.
"""

from __future__ import annotations

from harness.studies.kinds import DATASETS, IMAGES, KENDALL, NOISE, PublishedCoefficient, RankStudy, triple

_ZERO_COST = "Abdelfattah et al. 2021"
SUITE_ZERO = "Krishnakumar et al. 2022 (NAS-Bench-Suite-Zero)"
TE_NAS = "Chen et al. 2021"
AZ_NAS_PAPER = "as Lee & Ham 2024 report it"
PUBLISHED_COEFFICIENTS: tuple[PublishedCoefficient, ...] = (
    *triple("grad_norm", DATASETS, (0.594, 0.637, 0.578), _ZERO_COST),
    *triple("snip", DATASETS, (0.596, 0.637, 0.578), _ZERO_COST),
    *triple("grasp", DATASETS, (0.514, 0.547, 0.549), _ZERO_COST),
    *triple("fisher", DATASETS, (0.360, 0.385, 0.327), _ZERO_COST),
    *triple("synflow", DATASETS, (0.737, 0.763, 0.751), _ZERO_COST),
    *triple("jacob_cov", DATASETS, (0.731, 0.704, 0.701), _ZERO_COST),
    *triple("plain", DATASETS[:1], (-0.26,), f"{SUITE_ZERO}, 725 cells"),
    *triple("l2_norm", DATASETS, (0.74, 0.75, 0.74), SUITE_ZERO),
    *triple("nwot", DATASETS, (0.80, 0.81, 0.80), SUITE_ZERO),
    *triple("nwot", DATASETS, (0.574, 0.611, 0.549), "Mellor et al. 2021", KENDALL),
    *triple("epe_nas", DATASETS, (0.64, 0.42, 0.10), SUITE_ZERO),
    *triple("zen", DATASETS, (0.39, 0.36, 0.40), f"{SUITE_ZERO}, all cells"),
    *triple("params", DATASETS, (0.77, 0.75, 0.72), SUITE_ZERO),
    *triple("flops", DATASETS, (0.75, 0.72, 0.69), SUITE_ZERO),
    *triple("te_nas_regions", DATASETS[1:2], (0.50,), TE_NAS, KENDALL),
    *triple("gradsign", DATASETS, (0.618, 0.594, 0.575), AZ_NAS_PAPER, KENDALL),
    *triple("zico", DATASETS, (0.589, 0.590, 0.584), AZ_NAS_PAPER, KENDALL),
    *triple("swap", DATASETS[:1], (0.90,), "Peng et al. 2024"),
    *triple("meco", DATASETS, (0.89, 0.88, 0.85), "Jiang et al. 2023"),
    *triple("az_nas", DATASETS[:1], (0.913,), "Lee & Ham 2024"),
    *triple("az_nas", DATASETS, (0.741, 0.723, 0.710), "Lee & Ham 2024", KENDALL),
)

STUDY = RankStudy(
    shows="every proxy on NAS-Bench-201, next to the papers' rank correlations",
    conditions={"cifar10": IMAGES, "gaussian": NOISE},
    published=PUBLISHED_COEFFICIENTS,
    combined=("az_nas", "vote"),
)
