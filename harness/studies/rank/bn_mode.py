"""Batch norm's mode decides the sign: the same proxies with batch statistics and with running ones."""

from __future__ import annotations

from harness.studies.conditions import Condition
from harness.studies.rank.rank_study import RankStudy

PROXIES = ("nasi_trace", "grad_norm", "snip", "fisher", "plain", "m_trace", "knas", "nwot", "swap", "params", "flops")
RANKED = RankStudy(
    {
        "train": Condition("noise, batch norm in train mode", {"bn": "train"}),
        "eval": Condition("noise, batch norm in eval mode", {"bn": "eval"}),
    },
    PROXIES,
    sample=300,
    between=True,
)
STUDY = RANKED.study()
