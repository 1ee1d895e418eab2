"""Draws of ensembles from the posterior, by Monte Carlo or by SVGD, and the best of several.

Legend: n members of a set, T sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from harness.search.gradient.method import Relaxed, Step
from harness.search.gradient.nesbs.svgd import STEPS, Mixture, descended
from harness.search.gradient.prime.projection import projections
from harness.search.gradient.relaxation import one_hot
from harness.search.gradient.rsps import kept_edges

if TYPE_CHECKING:
    from harness.spaces.group import Group, Masks, OperationWeights
    from harness.spaces.space import Architecture, SearchableSpace

MEMBERS = "nesbs/members"
"""Name of the drawn set in the memory of a search: its texts, a line each, as bytes."""


class Member(NamedTuple):
    """A drawn architecture.

    Attributes:
        architecture: the architecture.
        path: the same as one-hot operation weights of a supernet, by group [E, O].
    """

    architecture: Architecture
    path: OperationWeights


class Draw(NamedTuple):
    """How sets are drawn.

    Attributes:
        members: n, from 1.
        rule: `mc`, independent draws from the posterior, or `svgd`.
        diversity: δ of `svgd`.
        std: σ of `svgd`.
        steps: steps of `svgd`.
    """

    members: int
    rule: str
    diversity: float = 0.0
    std: float = 1.0
    steps: int = STEPS


def drawn_sets(
    space: SearchableSpace,
    probabilities: OperationWeights,
    groups: Mapping[str, Group],
    kept: Masks,
    draw: Draw,
    sets: int,
    generator: torch.Generator,
) -> list[tuple[Member, ...]]:
    """Sets of architectures, which may hold one several times.

    Where nodes keep a few inputs (DARTS), Monte Carlo draws these uniformly, since the posterior has no probability of
    them; SVGD takes the edges whose operation is most pronounced. Both are our reading.

    Args:
        space: the space of the architectures.
        probabilities: posterior by group, [E, O]; 0 for what is never drawn.
        groups: edges and operations of the tables.
        kept: masks of the operations to choose from.
        draw: how a set is drawn.
        sets: number of sets T.
        generator: source of the draws.
    """
    count = sets * draw.members
    tables = {name: table.detach().double().cpu() for name, table in probabilities.items()}
    masks = {name: mask.cpu() for name, mask in kept.items()}
    if draw.rule == "mc":
        paths = _by_chance(tables, groups, count, generator)
    else:
        paths = [projections(weights, masks, groups) for weights in _by_stein(tables, draw, sets, generator)]
    members = [Member(space.derive(path, None, masks), path) for path in paths]
    return [tuple(members[first : first + draw.members]) for first in range(0, count, draw.members)]


def _by_chance(
    tables: Mapping[str, Tensor], groups: Mapping[str, Group], count: int, generator: torch.Generator
) -> list[dict[str, Tensor]]:
    """Independent draws of an operation on each edge, as one-hot weights; edges that a node does not keep are 0."""
    drawn = {
        name: torch.multinomial(table, count, replacement=True, generator=generator) for name, table in tables.items()
    }
    return [
        {
            name: one_hot(drawn[name][:, number], table) * kept_edges(groups[name], generator)[:, None]
            for name, table in tables.items()
        }
        for number in range(count)
    ]


def _by_stein(
    tables: Mapping[str, Tensor], draw: Draw, sets: int, generator: torch.Generator
) -> list[dict[str, Tensor]]:
    """Particles at rest as weights of operations, a softmax on each edge: its largest is the nearest one-hot point."""
    mixture = Mixture(list(tables.values()), draw.std)
    start = mixture.draw(sets * draw.members, generator)
    start = start.view(sets, draw.members, start.shape[1])
    found = mixture.split(descended(start, mixture.score, draw.diversity, draw.steps).flatten(0, 1))
    weights = [
        part.masked_fill(table == 0, -torch.inf).softmax(dim=-1)
        for part, table in zip(found, tables.values(), strict=True)
    ]
    return [dict(zip(tables, rows, strict=True)) for rows in zip(*weights, strict=True)]


@torch.no_grad()
def best_set(step: Step, sets: Sequence[tuple[Member, ...]]) -> tuple[Member, ...]:
    """The set whose averaged probabilities have the lowest negative log likelihood on the supernet.

    All sets are compared on the step's validation batch. Cost: a forward pass of one path per drawn architecture.
    """
    batch, seen = step.validation, {}
    for member in (member for one in sets for member in one):
        if member.architecture not in seen:
            path = {name: table.to(batch.inputs) for name, table in member.path.items()}
            relaxed = Relaxed(path, active={name: table.bool() for name, table in path.items()})
            seen[member.architecture] = step.logits(batch, relaxed).double().log_softmax(dim=1)
    losses = [averaged_loss(torch.stack([seen[member.architecture] for member in one]), batch.labels) for one in sets]
    return sets[losses.index(min(losses))]


def averaged_loss(logs: Tensor, labels: Tensor) -> float:
    """Negative log likelihood of labels [N] under the mean of probabilities, given as logarithms [n, N, K]."""
    mean = logs.logsumexp(dim=0) - torch.log(torch.tensor(float(len(logs)), dtype=logs.dtype))
    return float(-mean.gather(1, labels[:, None]).mean())


def packed(members: Sequence[Member]) -> Tensor:
    """The texts of architectures as a tensor of bytes, for the memory of a search."""
    text = "\n".join(str(member.architecture) for member in members)
    return torch.tensor(list(text.encode()), dtype=torch.uint8, device="cpu")


def members_in(memory: Mapping[str, Tensor]) -> tuple[str, ...]:
    """The texts of the drawn architectures in the memory of a search; none before its end."""
    return tuple(bytes(memory[MEMBERS].tolist()).decode().split("\n")) if MEMBERS in memory else ()
