"""Study: TE-NAS's two measures (Chen et al., ICLR 2021), in its small networks and in the benchmark's own."""

from __future__ import annotations

from harness.studies.kinds import DATASETS, IMAGES, KENDALL, RankStudy, triple
from harness.studies.rank.zero_cost_nas import TE_NAS

PROXIES = ("te_nas_condition", "te_nas_regions", "ntk_condition", "linear_regions", "params", "flops")
TE_NAS_COEFFICIENTS = (
    *triple("te_nas_condition", DATASETS[1:2], (0.42,), f"{TE_NAS}; lower κ is better, so the sign is turned", KENDALL),
    *triple("te_nas_regions", DATASETS[1:2], (0.50,), TE_NAS, KENDALL),
)
STUDY = RankStudy(
    shows="TE-NAS's condition number and linear regions",
    conditions={"cifar10": IMAGES},
    proxies=PROXIES,
    published=TE_NAS_COEFFICIENTS,
    combined=("te_nas",),
    sample=150,
    quick=12,
)
