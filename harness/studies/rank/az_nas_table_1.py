"""Study: AZ-NAS's table of rank correlations on NAS-Bench-201 (Lee & Ham, CVPR 2024): its parts, sum and peers."""

from __future__ import annotations

from harness.proxies.combined import AZ_NAS
from harness.studies.kinds import NOISE, RankStudy
from harness.studies.rank.zero_cost_nas import AZ_NAS_PAPER, PUBLISHED_COEFFICIENTS

PROXIES = (*AZ_NAS, "gradsign", "zico", "nwot", "synflow", "params")
SOURCES = ("Lee & Ham 2024", AZ_NAS_PAPER)
STUDY = RankStudy(
    shows="AZ-NAS's parts, its sum of ranks, and its peers",
    conditions={"gaussian": NOISE},
    proxies=tuple(dict.fromkeys(PROXIES)),
    published=tuple(item for item in PUBLISHED_COEFFICIENTS if item.source in SOURCES),
    combined=("az_nas",),
)
