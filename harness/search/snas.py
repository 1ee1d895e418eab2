"""SNAS: weights drawn by Gumbel-softmax, one level (Xie et al., ICLR 2019)."""

from __future__ import annotations

from harness.search.bilevel import one_level
from harness.search.darts import mean
from harness.search.method import Method
from harness.search.presets import DARTS, NASBENCH201, presets
from harness.search.relaxation import gumbel_softmax

METHOD = Method(
    name="snas",
    summary="weights drawn by Gumbel-softmax, α by the loss that trains the weights (one level)",
    source="Xie et al., SNAS: Stochastic Neural Architecture Search, ICLR 2019",
    relax=gumbel_softmax,
    mean=mean,
    architecture_step=one_level,
    presets=presets(
        NASBENCH201.changed({"epochs": 100, "weight_decay": 3e-4, "nesterov": False, "temperature": (10.0, 1.0)}),
        DARTS.changed({"epochs": 150, "temperature": (1.0, 0.03)}),
    ),
)
"""On NAS-Bench-201 with the epochs and temperatures of DrNAS's authors, who ran it there with two levels; in the DARTS
space with the paper's, as they are remembered. The paper's penalty on delay is left out."""
