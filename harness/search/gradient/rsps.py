"""RSPS: random search with parameter sharing (Li & Talwalkar, UAI 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.search.gradient.method import Method, Moment, Parameters, Relaxed, Step
from harness.search.gradient.relaxation import one_hot, softmax

if TYPE_CHECKING:
    from harness.spaces.group import Group
    from harness.spaces.space import Architecture


def random_path(parameters: Parameters, moment: Moment, purpose: str) -> Relaxed:
    """A uniformly random architecture as one-hot weights; α is not read."""
    generator = moment.generator(f"path {purpose}")
    return path(parameters, moment, generator)


def path(parameters: Parameters, moment: Moment, generator: torch.Generator) -> Relaxed:
    """One-hot weights of a random architecture: inputs for each node, and for each one of the operations that are left.

    Where a node keeps only some inputs, `none` is on its other edges and never on a kept one.
    """
    weights, active = {}, {}
    for name, alpha in parameters.operations.items():
        group, left = moment.groups[name], moment.kept[name].clone()
        kept = kept_edges(group, generator)
        if group.inputs is not None:
            left[:, 0] = False  # `none` is the first operation
        columns = left[0].nonzero()[:, 0]  # what is left out is left out on every edge
        drawn = columns[torch.randint(len(columns), (len(group.edges),), generator=generator, device="cpu")]
        weights[name] = one_hot(torch.where(kept, drawn, 0).to(alpha.device), alpha.detach())
        active[name] = weights[name].bool()
    return Relaxed(weights, active=active)


def best_candidate(step: Step) -> Architecture:
    """The random architecture with the lowest validation loss under the shared weights, among several candidates.

    All candidates are compared on one batch. Cost: a forward pass of one path per candidate.
    """
    generator = step.moment.generator("candidates")
    candidates = [path(step.parameters, step.moment, generator) for _ in range(step.moment.setting.candidates)]
    with torch.no_grad():
        losses = [float(step.loss(step.validation, candidate)) for candidate in candidates]
    return step.space.derive(candidates[losses.index(min(losses))].weights)


def kept_edges(group: Group, generator: torch.Generator) -> Tensor:
    """Boolean mask [E] of as many random edges of each node as it keeps."""
    kept = torch.ones(len(group.edges), dtype=torch.bool)
    if group.inputs is None:
        return kept
    for node in dict.fromkeys(target for target, _ in group.edges):
        edges = torch.tensor([place for place, (target, _) in enumerate(group.edges) if target == node], device="cpu")
        kept[edges[torch.randperm(len(edges), generator=generator, device="cpu")[group.inputs :]]] = False
    return kept


METHOD = Method(
    name="rsps",
    summary="weights trained on random architectures; they choose the best of several random ones",
    source="Li & Talwalkar, Random Search and Reproducibility for Neural Architecture Search, UAI 2019",
    relax=random_path,
    mean=softmax,
    architecture_step=None,
    choose=best_candidate,
    deviation=0.0,
    one_path=True,
)
