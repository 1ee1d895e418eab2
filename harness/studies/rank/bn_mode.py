"""Study: the mode of batch norm decides the sign: the same proxies with batch statistics and with running ones."""

from __future__ import annotations

from harness.studies.kinds import Condition, RankStudy

PROXIES = ("nasi_trace", "grad_norm", "snip", "fisher", "plain", "m_trace", "knas", "nwot", "swap", "params", "flops")
STUDY = RankStudy(
    shows="proxies with batch norm in train and in eval mode",
    conditions={
        "train": Condition("noise, batch norm in train mode", {"bn": "train"}),
        "eval": Condition("noise, batch norm in eval mode", {"bn": "eval"}),
    },
    proxies=PROXIES,
    sample=300,
    between=True,
)
