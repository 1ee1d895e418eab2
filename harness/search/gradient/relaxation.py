"""Relaxations of architecture parameters to operation weights: softmax, Gumbel-softmax and Dirichlet samples.

Legend: α architecture parameters [E, O] of a group; E edges, O operations; τ temperature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.search.gradient.method import Moment, Parameters, Relaxed
from harness.spaces.initialisation import seeded

if TYPE_CHECKING:
    from harness.spaces.group import Group

TINY = torch.finfo(torch.float64).tiny


def softmax(parameters: Parameters, moment: Moment, purpose: str = "") -> Relaxed:
    """Weights w_o = exp(α_o) / Σ_k exp(α_k) over the operations of an edge that are not pruned (DARTS, equation 2)."""
    return Relaxed({name: alpha.softmax(dim=1) for name, alpha in _kept(parameters, moment).items()})


def gumbel_softmax(parameters: Parameters, moment: Moment, purpose: str) -> Relaxed:
    """Weights softmax((log p + g) / τ), p = softmax(α), g Gumbel noise (Maddison et al. 2017; Jang et al. 2017)."""
    generator = moment.generator(f"gumbel {purpose}")
    return Relaxed(
        {
            name: ((alpha.log_softmax(dim=1) + gumbel(alpha, generator)) / moment.temperature).softmax(dim=1)
            for name, alpha in _kept(parameters, moment).items()
        }
    )


def straight_through(parameters: Parameters, moment: Moment, purpose: str) -> Relaxed:
    """One-hot Gumbel-softmax choice with the sample's gradient; only chosen operations are computed."""
    weights, active = {}, {}
    for name, soft in gumbel_softmax(parameters, moment, purpose).weights.items():
        active[name] = one_hot(soft.argmax(dim=1), soft).bool()
        weights[name] = active[name].to(soft.dtype) + (soft - soft.detach())
    return Relaxed(weights, active=active)


def dirichlet(concentration: Tensor, kept: Tensor, seed: int) -> Tensor:
    """Samples of Dirichlet distributions, one per edge, differentiable by the concentration.

    Args:
        concentration: positive concentrations, [E, O].
        kept: Boolean mask of the operations that take part, [E, O], equally many on each edge. The others get 0.
        seed: seed of the draw, which is made on the CPU and does not change the global random state.

    Returns:
        Samples [E, O], whose rows sum to one.
    """
    edges = len(concentration)
    columns = kept.nonzero()[:, 1].view(edges, -1).to(concentration.device)
    with seeded(seed):
        drawn = torch.distributions.Dirichlet(concentration.gather(1, columns).cpu()).rsample()
    return torch.zeros_like(concentration).scatter(1, columns, drawn.to(concentration.device))


def gumbel(like: Tensor, generator: torch.Generator) -> Tensor:
    """Standard Gumbel noise of the shape, dtype and device of a tensor, drawn on the CPU."""
    uniform = torch.rand(like.shape, generator=generator, dtype=torch.float64, device="cpu").clamp_min(TINY)
    return (-(-uniform.log()).log()).to(like)


def one_hot(chosen: Tensor, like: Tensor) -> Tensor:
    """One-hot rows [E, O] in the dtype of `like`, 1 at the chosen operation of each edge."""
    return torch.zeros_like(like).scatter(1, chosen[:, None], 1.0)


def input_softmax(beta: Tensor, group: Group) -> Tensor:
    """Edge weights [E]: a softmax of β [E] over the edges that end in the same node (PC-DARTS, equation 3)."""
    targets = [target for target, _ in group.edges]
    same = torch.tensor([[one == other for other in targets] for one in targets], device=beta.device)
    shares = beta.expand(len(beta), -1).masked_fill(~same, -torch.inf).softmax(dim=1)
    return shares.diagonal()


def entropy(weights: Mapping[str, Tensor], *, divided: bool = False) -> float:
    """Mean entropy −Σ_o w_o log w_o of the edges, in nats; 0 for one-hot weights, log O for uniform weights.

    Args:
        weights: operation weights by group, [E, O].
        divided: whether those of an edge are divided by their sum first, which is then not 1.
    """
    if divided:
        weights = {name: table / table.sum(dim=1, keepdim=True).clamp_min(1e-30) for name, table in weights.items()}
    rows = torch.cat([-torch.xlogy(table, table).sum(dim=1) for table in weights.values()])
    return float(rows.detach().double().mean())


def _kept(parameters: Parameters, moment: Moment) -> dict[str, Tensor]:
    """α with minus infinity for the operations that are pruned."""
    return {
        name: alpha.masked_fill(~moment.kept[name].to(alpha.device), -torch.inf)
        for name, alpha in parameters.operations.items()
    }
