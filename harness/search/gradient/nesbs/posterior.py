"""The variational posterior of NESBS over architectures, and the evidence lower bound that it ascends.

Legend: α architecture parameters [E, O] of a group; p_α = Π_e softmax(α_e), a product of categorical distributions;
E edges, O operations; c images that the mean loss counts for.

The bound is E_{A ~ p_α}[log p(D_val | A)] − KL(p_α ‖ uniform), with log p(D_val | A) = −c times the mean cross-entropy
of A on a validation batch. Steps descend its negative divided by c, so that the loss of a step is a cross-entropy as in
other searches. With c the number of validation images it is the likelihood of all of them, under which p_α is nearly
one architecture; the code of bq-nes (Hamid et al. 2023) divides that number by 256, which is c = 98 for the half of
CIFAR-10. The paper's body was not read: the categorical posterior and the bound are as that code and the documentation
of bensemble report them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.search.gradient.method import Moment, Parameters, Relaxed
from harness.search.gradient.relaxation import gumbel, one_hot
from harness.search.gradient.rsps import kept_edges, random_path

if TYPE_CHECKING:
    from harness.spaces.group import Group


def masked(alpha: Tensor, kept: Tensor, group: Group) -> Tensor:
    """α with minus infinity for what is never drawn: pruned operations, and `none` where nodes choose their inputs."""
    left = kept.to(alpha.device).clone()
    if group.inputs is not None:
        left[:, 0] = False  # `none` is the first operation
    return alpha.masked_fill(~left, -torch.inf)


def posterior(parameters: Parameters, moment: Moment) -> Relaxed:
    """The probabilities p_α of each operation on each edge."""
    return Relaxed(
        {
            name: masked(alpha, moment.kept[name], moment.groups[name]).softmax(dim=1)
            for name, alpha in parameters.operations.items()
        }
    )


def relax(parameters: Parameters, moment: Moment, purpose: str) -> Relaxed:
    """One architecture: uniformly drawn where the weights are trained, else from p_α, by Gumbel-softmax.

    The draw is one-hot, as the supernet was trained, and its gradient is that of its Gumbel-softmax sample: which
    estimator the authors take was not seen, and this one is our reading. All operations of an edge get a gradient, so
    that a step computes all of them.
    """
    if purpose == "weights":
        return random_path(parameters, moment, purpose)
    generator, weights = moment.generator(f"gumbel {purpose}"), {}
    for name, alpha in parameters.operations.items():
        group = moment.groups[name]
        logs = masked(alpha, moment.kept[name], group).log_softmax(dim=1)
        soft = ((logs + gumbel(alpha, generator)) / moment.temperature).softmax(dim=1)
        hard = one_hot(soft.argmax(dim=1), soft) + (soft - soft.detach())
        weights[name] = hard * kept_edges(group, generator).to(soft)[:, None]
    return Relaxed(weights)


def divergence(parameters: Parameters, moment: Moment) -> Tensor:
    """KL(p_α ‖ uniform) = Σ_e (log O_e − H(softmax α_e)) in nats, O_e the operations of edge e that can be drawn."""
    found = []
    for name, alpha in parameters.operations.items():
        found.append(_divergence(masked(alpha, moment.kept[name], moment.groups[name])))
    return torch.stack(found).sum()


def _divergence(logits: Tensor) -> Tensor:
    logs, there = logits.log_softmax(dim=1), logits.isfinite()
    entropies = -(logs.exp() * logs.masked_fill(~there, 0.0)).sum(dim=1)
    return (there.sum(dim=1).to(logs).log() - entropies).sum()


def penalty(parameters: Parameters, moment: Moment) -> Tensor:
    """KL(p_α ‖ uniform) / c, which joins the loss of a drawn architecture: together the negative bound, over c."""
    return divergence(parameters, moment) / moment.setting.likelihood


def most_likely(count: int, probabilities: Tensor) -> list[tuple[int, ...]]:
    """The most probable architectures of p_α, the best first: the operation of each edge.

    Args:
        count: number of architectures, k.
        probabilities: of each operation on each edge, [E, O].
    """
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for row in probabilities.double().tolist():
        logs = [math.log(value) if value > 0 else -math.inf for value in row]
        longer = [(-log - value, (*head, place)) for log, head in best for place, value in enumerate(logs)]
        best = [(-cost, operations) for cost, operations in sorted(longer)[:count]]
    return [operations for _, operations in best]
