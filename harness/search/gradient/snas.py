"""SNAS: weights drawn by Gumbel-softmax, single-level (Xie et al., ICLR 2019)."""

from __future__ import annotations

from harness.search.gradient.bilevel import one_level
from harness.search.gradient.method import Method
from harness.search.gradient.presets import DARTS, NASBENCH201, presets
from harness.search.gradient.relaxation import gumbel_softmax, softmax

METHOD = Method(
    name="snas",
    summary="weights drawn by Gumbel-softmax, α by the loss that trains the weights (single-level)",
    source="Xie et al., SNAS: Stochastic Neural Architecture Search, ICLR 2019",
    relax=gumbel_softmax,
    mean=softmax,
    architecture_step=one_level,
    presets=presets(
        NASBENCH201.changed({"epochs": 100, "weight_decay": 3e-4, "nesterov": False, "temperature": (10.0, 1.0)}),
        DARTS.changed({"epochs": 150, "temperature": (1.0, 0.03)}),
        notes={
            "nasbench201": "the paper has no NAS-Bench-201; epochs and temperatures are those of DrNAS's authors, who "
            "ran it with two levels",
            "darts": "epochs and temperatures are recalled, not checked; the paper's penalty on delay is left out",
        },
    ),
)
