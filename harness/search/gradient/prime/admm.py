"""ADMM between operation weights and a discrete architecture, in the loss of the architecture parameters.

Legend: α architecture parameters [E, O] of a group, a their operation weights, D the projection; Z the discrete
architecture, U the scaled dual variable, both [E, O]; M mask of the operations that are not pruned; ρ weight.

As in the authors' code, and unlike ADMM's textbook form (Boyd et al. 2011, section 3.1.1): the norm is not squared, and
U takes up α − Z, with α as it is, not a − Z. Where a is a softmax, α − Z does not fall to 0 as a nears Z, and Z moves
from one architecture to another; where a is α clipped to [0, 1], both are the same. Their code updates Z and U after
nine steps of α, since its counter begins anew one step early; here it is after every ten, as its option says. Its
option for the share of U that is kept, 0.2, does not reach its network; U is kept whole there, and here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.search.gradient.prime.projection import projected

if TYPE_CHECKING:
    from harness.search.gradient.method import Moment, Parameters, Relaxed, Step

EVERY = 10
"""Number of steps of α from one update of Z and U to the next."""
STEPS = "admm/steps"
"""Name of the number of steps of α in the memory of a search."""
DISCRETE, DUAL = "admm/discrete/", "admm/dual/"
"""What the names of Z and U in the memory of a search begin with; the group's name follows."""


def admm(parameters: Parameters, relaxed: Relaxed, moment: Moment, memory: dict[str, Tensor]) -> Tensor:
    """The term ρ/2 · Σ over the groups of ‖(a − Z + U) M‖, the Frobenius norm.

    Args:
        parameters: the architecture parameters, whose first values are the first Z.
        relaxed: the operation weights a, without noise.
        moment: the step.
        memory: what the search keeps: Z and U by group; they are made where they are missing, U as zeros.
    """
    norms = []
    for name, table in relaxed.weights.items():
        alpha = parameters.operations[name].detach()
        discrete, dual = memory.setdefault(DISCRETE + name, alpha.clone()), _dual(memory, name, alpha)
        norms.append(((table - discrete.to(table) + dual.to(table)) * _mask(relaxed, moment, name).to(table)).norm())
    return moment.setting.rho / 2 * torch.stack(norms).sum()


def update(step: Step) -> None:
    """After every tenth step of α: Z ← D(a(α + U)), then U ← (U + α − Z) M."""
    memory, method = step.memory, step.method
    count = memory.get(STEPS, torch.zeros((), dtype=torch.int64)) + 1
    memory[STEPS] = count
    if int(count) % EVERY:
        return
    operations = {name: alpha.detach() for name, alpha in step.parameters.operations.items()}
    lifted = {name: alpha + _dual(memory, name, alpha).to(alpha) for name, alpha in operations.items()}
    with torch.no_grad():
        weights = method.mean(type(step.parameters)(lifted, step.parameters.edges), step.moment)
        relaxed = method.mean(step.parameters, step.moment)
    for name, alpha in operations.items():
        edges = None if weights.edges is None else weights.edges[name]
        discrete = projected(weights.weights[name], step.moment.kept[name], step.moment.groups[name], edges)
        mask = _mask(relaxed, step.moment, name).to(alpha)
        memory[DISCRETE + name] = discrete
        memory[DUAL + name] = (_dual(memory, name, alpha).to(alpha) + alpha - discrete) * mask


def _dual(memory: dict[str, Tensor], name: str, alpha: Tensor) -> Tensor:
    return memory.setdefault(DUAL + name, torch.zeros_like(alpha))


def _mask(relaxed: Relaxed, moment: Moment, name: str) -> Tensor:
    """M of a group: the operations that are kept, and of clipped weights those above 0."""
    kept = moment.kept[name]
    return kept if relaxed.active is None else kept.to(relaxed.active[name].device) & relaxed.active[name]
