"""Study: the thirteen proxies of NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022) on NAS-Bench-201."""

from __future__ import annotations

from harness.studies.kinds import IMAGES, RankStudy
from harness.studies.rank.zero_cost_nas import PUBLISHED_COEFFICIENTS, SUITE_ZERO

PROXIES = (
    "epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacob_cov", "l2_norm", "nwot", "params", "plain", "snip",
    "synflow", "zen",
)  # fmt: skip
STUDY = RankStudy(
    shows="its thirteen proxies on NAS-Bench-201",
    conditions={"cifar10": IMAGES},
    proxies=PROXIES,
    published=tuple(item for item in PUBLISHED_COEFFICIENTS if item.source.startswith(SUITE_ZERO)),
    beyond=True,
)
