"""SNAS: weights drawn by Gumbel-softmax, single-level (Xie et al., ICLR 2019)."""

from __future__ import annotations

from harness.search.gradient.bilevel import one_level
from harness.search.gradient.method import Method
from harness.search.gradient.relaxation import gumbel_softmax, softmax

METHOD = Method(
    name="snas",
    summary="weights drawn by Gumbel-softmax, α by the loss that trains the weights (single-level)",
    source="Xie et al., SNAS: Stochastic Neural Architecture Search, ICLR 2019",
    relax=gumbel_softmax,
    mean=softmax,
    architecture_step=one_level,
)
