"""AZ-NAS's table of rank correlations on NAS-Bench-201 (Lee & Ham, CVPR 2024): its parts, its sum, and its peers."""

from __future__ import annotations

from harness.proxies.combined import AZ_NAS
from harness.studies.conditions import NOISE
from harness.studies.rank.rank_study import RankStudy
from harness.studies.rank.zero_cost_nas import AZ_NAS_PAPER, PUBLISHED

PROXIES = (*AZ_NAS, "gradsign", "zico", "nwot", "synflow", "params")
SOURCES = ("Lee & Ham 2024", AZ_NAS_PAPER)
RANKED = RankStudy(
    {"gaussian": NOISE},
    tuple(dict.fromkeys(PROXIES)),
    tuple(item for item in PUBLISHED if item.source in SOURCES),
    combined=("az_nas",),
)
STUDY = RANKED.study()
