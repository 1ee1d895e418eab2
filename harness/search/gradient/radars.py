"""RADARS: reinforcement learning prunes a supernet's operations, and DARTS searches the few that are left.

Yan, Jiang, Hu and Shi, "RADARS: Memory Efficient Reinforcement Learning Aided Differentiable Neural Architecture
Search", 2021 (arXiv 2109.05691). Of the paper the abstract alone was read: reinforcement learning prunes undesired
candidates iteratively and identifies a promising sub-space, in which a differentiable search runs, within a bounded
memory. All that follows is our reading of it. The paper's policy is recalled to be a recurrent network, and its
baselines DARTS and ProxylessNAS; here it is one categorical distribution for each edge, moved by the Adam of DARTS's
parameters, weight decay included.

Stages but the last: each step draws a sub-space, a few operations on each edge, from the policy π = softmax(α) over the
operations that are left, without replacement. The weights are trained on one path of it; the policy is moved by
REINFORCE along the mean validation loss of a few of its paths. Between stages each edge loses its operations of lowest
π. Last stage: α starts anew, and DARTS (first order) runs on the operations that are left.

The memory: until the last stage a step computes one path. How many operations are left is part of the setting
(`keep`); under a bound (`memory_mb`) a search whose last stage may break it is refused before its first step, with the
number that fits.

Legend: α architecture parameters [E, O] of a group; E edges, O operations.
"""

from __future__ import annotations

import torch
from torch import Tensor

from harness.errors import SearchError
from harness.search.gradient.bilevel import first_order
from harness.search.gradient.method import Method, Moment, Parameters, Relaxed, Step
from harness.search.gradient.relaxation import gumbel, one_hot, softmax
from harness.search.gradient.rsps import kept_edges
from harness.search.gradient.setting import SearchSetting

SUBSET = 2
"""Operations of a sub-space on each edge; our choice."""
PATHS = 2
"""Paths of a sub-space whose losses are its reward; our choice."""
MOMENTUM = 0.9
ENTROPY = 1e-4
"""Momentum of the baseline, and weight of the policy's entropy: those of ENAS (Pham et al. 2018), as recalled."""

_REWARDS, _WEIGHT = "radars_rewards", "radars_weight"


def prunes(moment: Moment) -> bool:
    """Whether a moment is before the last stage: operations are still pruned."""
    return moment.setting.stage(moment.epoch) < len(moment.setting.partial) - 1


def relax(parameters: Parameters, moment: Moment, purpose: str) -> Relaxed:
    """A path of the step's sub-space, as one-hot weights; softmax weights in the last stage."""
    if not prunes(moment):
        return softmax(parameters, moment)
    return path(parameters, moment, subspace(parameters, moment), purpose)


def subspace(parameters: Parameters, moment: Moment) -> dict[str, Tensor]:
    """The step's sub-space: for each group the operations [E, S] of each edge, in the order in which they are drawn.

    The S largest of log π plus Gumbel noise are a draw from π without replacement (Kool et al. 2019).
    """
    generator, drawn = moment.generator("sub-space"), {}
    for name, alpha in parameters.operations.items():
        kept = moment.kept[name].to(alpha.device)
        noisy = (alpha.detach() + gumbel(alpha, generator)).masked_fill(~kept, -torch.inf)
        count = min(SUBSET, int(kept.sum(dim=1).min()))
        drawn[name] = noisy.topk(count, dim=1).indices
    return drawn


def path(parameters: Parameters, moment: Moment, drawn: dict[str, Tensor], purpose: str) -> Relaxed:
    """One of the sub-space's operations on each edge, uniformly; edges that a node does not keep have none."""
    generator, weights = moment.generator(f"path {purpose}"), {}
    for name, operations in drawn.items():
        alpha, edges = parameters.operations[name].detach(), kept_edges(moment.groups[name], generator)
        place = torch.randint(operations.shape[1], (len(operations), 1), generator=generator, device="cpu")
        chosen = operations.gather(1, place.to(operations.device))[:, 0]
        weights[name] = one_hot(chosen, alpha) * edges.to(alpha)[:, None]
    return Relaxed(weights, active={name: table.bool() for name, table in weights.items()})


def log_probability(alpha: Tensor, kept: Tensor, drawn: Tensor) -> Tensor:
    """Logarithm of the probability that operations are drawn in this order without replacement, summed over the edges.

    Args:
        alpha: architecture parameters, [E, O].
        kept: Boolean mask of the operations that are left, [E, O].
        drawn: the drawn operations of each edge in their order, [E, S].
    """
    left, total = alpha.masked_fill(~kept, -torch.inf), alpha.new_zeros(())
    for column in drawn.T:
        total = total + left.log_softmax(dim=1).gather(1, column[:, None]).sum()
        left = left.scatter(1, column[:, None], -torch.inf)
    return total


def step(step: Step) -> float:
    """Move the policy by REINFORCE, or in the last stage α as DARTS does; gives the validation loss."""
    if not prunes(step.moment):
        return first_order(step)
    drawn = subspace(step.parameters, step.moment)
    with torch.no_grad():
        losses = [
            step.loss(step.validation, path(step.parameters, step.moment, drawn, f"reward {number}"))
            for number in range(PATHS)
        ]
    reward = -float(torch.stack(losses).mean())
    advantage = reward - _baseline(step, reward)
    objective = torch.zeros((), dtype=torch.float32, device=step.validation.inputs.device)
    for name, alpha in step.parameters.operations.items():
        kept = step.moment.kept[name].to(alpha.device)
        logs = alpha.masked_fill(~kept, -torch.inf).log_softmax(dim=1)
        entropy = -(logs.exp() * logs.masked_fill(~kept, 0.0)).sum()
        objective = objective - advantage * log_probability(alpha, kept, drawn[name]) - ENTROPY * entropy
    step.descend(list(torch.autograd.grad(objective, step.parameters.tensors())))
    return -reward


def _baseline(step: Step, reward: float) -> float:
    """The moving average of the rewards, this one included, corrected for its start; kept in the step's memory."""
    memory = step.memory
    for name, value in ((_REWARDS, reward), (_WEIGHT, 1.0)):
        before = memory.get(name, torch.zeros((), dtype=torch.float64))
        memory[name] = MOMENTUM * before + (1 - MOMENTUM) * value
    return float(memory[_REWARDS] / memory[_WEIGHT])


def check(setting: SearchSetting, autocast: bool) -> None:
    """Refuse settings without stages.

    Raises:
        SearchError: fewer than two stages, or stages that prune nothing or narrow the channels.
    """
    if len(setting.keep) < 2 or setting.keep[-1] == setting.keep[0]:
        raise SearchError(
            f"radars prunes in stages: keep needs the operations of each edge in each stage, as in (5, 4, 3); got "
            f"{setting.keep!r}"
        )
    if set(setting.partial) != {1}:
        raise SearchError(f"radars computes all channels: partial must be 1 in each stage, got {setting.partial!r}")


METHOD = Method(
    name="radars",
    summary="a policy prunes operations by REINFORCE until few are left, on which DARTS searches (our reading)",
    source="Yan et al., RADARS: Memory Efficient Reinforcement Learning Aided Differentiable NAS, 2021",
    relax=relax,
    mean=softmax,
    architecture_step=step,
    check=check,
    renews=True,
)
