"""DSNAS: one sampled path per step, single-level, with the score function's gradient (Hu et al., CVPR 2020).

Legend: α architecture parameters [E, O] of a group, p = softmax(α), Z one-hot operation weights drawn from p, L loss.
"""

from __future__ import annotations

import torch
from torch import Tensor

from harness.search.gradient.method import Method, Moment, Parameters, Relaxed, Step
from harness.search.gradient.relaxation import one_hot, softmax

CREDIT_BOUND = 5.0
"""Bound of an edge's credit, in nats: the authors' code clamps it so."""
_SAMPLE = "categorical"


def categorical(parameters: Parameters, moment: Moment, purpose: str) -> Relaxed:
    """One-hot weights Z ~ p without a gradient; only drawn operations are computed.

    The steps of the weights and of α share a draw, since one path of a step trains both.
    """
    generator = moment.generator(f"{_SAMPLE} {purpose}" if purpose == "evaluation" else _SAMPLE)
    weights, active = {}, {}
    for name, table in softmax(parameters, moment).weights.items():
        shares = table.detach().double().cpu()
        drawn = torch.multinomial(shares, 1, generator=generator)[:, 0].to(table.device)
        weights[name] = one_hot(drawn, table.detach())
        active[name] = weights[name].bool()
    return Relaxed(weights, active=active)


def score_function(step: Step) -> float:
    """Single-level step: descend Σ_e c_e log p(Z_e) with the credits c_e = ∂L/∂Z_e of the drawn operations; gives L.

    The credit of an edge is local, and clamped to [−5, 5]; that of `none` is 0. It is a constant in the gradient:
    this is the score function's gradient, in which Z_e ∂L/∂Z_e stands for L.

    Cost: one forward and one backward pass of one path. The weights' step computes the same path again.
    """
    relaxed = step.relaxed("parameters")
    drawn = {name: table.requires_grad_() for name, table in relaxed.weights.items()}
    loss = step.loss(step.training, Relaxed(drawn, active=relaxed.active))
    slopes = torch.autograd.grad(loss, list(drawn.values()), allow_unused=True, materialize_grads=True)
    probabilities = softmax(step.parameters, step.moment).weights
    surrogate = [
        credited_log_probability(probabilities[name], table.detach(), slope)
        for (name, table), slope in zip(drawn.items(), slopes, strict=True)
    ]
    step.descend(list(torch.autograd.grad(torch.stack(surrogate).sum(), step.parameters.tensors())))
    return float(loss.detach())


def credited_log_probability(probabilities: Tensor, drawn: Tensor, slopes: Tensor) -> Tensor:
    """Σ_e c_e log p(Z_e), whose gradient by α is the step's; a scalar.

    Args:
        probabilities: p, [E, O], differentiable by α.
        drawn: one-hot Z, [E, O].
        slopes: ∂L/∂Z, [E, O]; only entries of drawn operations are read.
    """
    credits = (slopes * drawn).sum(dim=1).clamp(-CREDIT_BOUND, CREDIT_BOUND)
    # the logarithm of drawn operations alone: that of one that is pruned is −∞
    chosen = probabilities.gather(1, drawn.argmax(dim=1, keepdim=True))[:, 0]
    return (credits.detach() * chosen.log()).sum()


def ones(kept: Tensor) -> Tensor:
    """The mean of the distribution that α is drawn from, [E, O], from the mask of the kept operations."""
    return torch.ones(kept.shape, dtype=torch.float32, device="cpu")


METHOD = Method(
    name="dsnas",
    summary="one operation per edge drawn, weights and α trained by the same path, α by the score function's gradient",
    source="Hu et al., DSNAS: Direct Neural Architecture Search without Parameter Retraining, CVPR 2020",
    relax=categorical,
    mean=softmax,
    architecture_step=score_function,
    start=ones,
    one_path=True,
    deviation=0.01,
)
"""As in the code of Xie et al. (2021, Understanding the Wiring Evolution), where α starts from N(1, 0.01²). DSNAS's own
space, of ShuffleNet's blocks on ImageNet, is not here."""
