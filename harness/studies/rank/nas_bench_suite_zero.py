"""The thirteen proxies of NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022) on NAS-Bench-201."""

from __future__ import annotations

from harness.studies.conditions import IMAGES
from harness.studies.rank.rank_study import RankStudy
from harness.studies.rank.zero_cost_nas import PUBLISHED, SUITE_ZERO

PROXIES = (
    "epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacob_cov", "l2_norm", "nwot", "params", "plain", "snip",
    "synflow", "zen",
)  # fmt: skip
RANKED = RankStudy(
    {"cifar10": IMAGES}, PROXIES, tuple(item for item in PUBLISHED if item.source.startswith(SUITE_ZERO)), beyond=True
)
STUDY = RANKED.study()
