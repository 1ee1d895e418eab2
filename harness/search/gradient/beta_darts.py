"""β-DARTS: a penalty that keeps the operations of an edge close (Ye et al., CVPR 2022)."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.search.gradient.bilevel import first_order
from harness.search.gradient.method import Method, Moment, Parameters
from harness.search.gradient.relaxation import softmax


def beta_penalty(parameters: Parameters, moment: Moment) -> Tensor:
    """β-DARTS's penalty λ · mean over edges of log Σ_k exp(α_k), λ growing linearly from 0 over the epochs.

    Its gradient is λ softmax(α) / edges: the larger a weight, the more its α falls, so that none dominates early.
    """
    rows = torch.cat([alpha.logsumexp(dim=1) for alpha in parameters.operations.values()])
    return moment.setting.penalty * moment.progress * rows.mean()


METHOD = Method(
    name="beta-darts",
    summary="DARTS (first order) with a penalty λ · mean logsumexp(α), λ growing with the epochs",
    source="Ye et al., β-DARTS: Beta-Decay Regularization for Differentiable Architecture Search, CVPR 2022",
    relax=softmax,
    mean=softmax,
    architecture_step=first_order,
    penalty=beta_penalty,
    reads=("penalty",),
)
