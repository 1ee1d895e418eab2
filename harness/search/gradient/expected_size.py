"""The expected number of parameters of a relaxed architecture, n(α) of E2RNAS.

Operations are drawn on each edge by their weights, and a node that keeps some of its inputs keeps each of them with the
same chance. Parameters of a network add up over its edges, so that the mean is one sum of weights times counts,

    n(α) = rest + Σ over edges and operations of (kept / inputs of the node) · w[edge, operation] · u[edge, operation],

exact, and differentiable by w. The counts u come from the space's own sizes, one architecture for each operation on
each edge: no table of them is kept that could drift from the networks.

The first author's working code for the DARTS space has the same factor 2 / inputs, and counts of convolutions without
batch norm. In its first versions it summed all entries of the matrix product of weights [14, 8] and counts, so that
each of the 14 edges was counted with the counts of every other one: a size 14 times too large, of which a published
bound of 10⁶ would be about 7 · 10⁴ real parameters. It is not copied: a bound here is in parameters of real networks.

Legend: E edges and O operations of a group; w operation weights [E, O]; u parameters that an operation adds, [E, O].
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from harness.search.gradient.setting import SearchSetting
from harness.spaces.group import Group, OperationWeights
from harness.spaces.space import SearchableSpace

_STRONGER = 2.0
"""Weight of the operation in question, above that of the others, so that its edge is kept."""


class ExpectedSize(NamedTuple):
    """The expected size as a function of operation weights.

    Attributes:
        tables: by group, u times the share of its node's inputs that are kept, float64 [E, O].
        rest: number of parameters of everything but the operations.
    """

    tables: dict[str, Tensor]
    rest: float

    def __call__(self, weights: OperationWeights) -> Tensor:
        """The expected number of parameters, a float64 scalar."""
        terms = [(table.double() * self.tables[name].to(table.device)).sum() for name, table in weights.items()]
        return torch.stack(terms).sum() + self.rest

    @property
    def least(self) -> float:
        """The smallest expected number of parameters."""
        return self.rest + sum(float(table.amin(dim=1).sum()) for table in self.tables.values())

    @property
    def most(self) -> float:
        """The largest expected number of parameters."""
        return self.rest + sum(float(table.amax(dim=1).sum()) for table in self.tables.values())


def expected_size(space: SearchableSpace, groups: Mapping[str, Group], setting: SearchSetting) -> ExpectedSize:
    """The expected size of networks of the setting's width and depth.

    Args:
        space: the space.
        groups: groups of its supernet.
        setting: setting of the search.
    """
    sizes = tuple((name, getattr(setting, name)) for name in ("width", "depth") if name in space.shape)
    return _expected_size(space, tuple(groups.items()), sizes)


@cache
def _expected_size(
    space: SearchableSpace, groups: tuple[tuple[str, Group], ...], sizes: tuple[tuple[str, int], ...]
) -> ExpectedSize:
    def parameters(weights: OperationWeights) -> int:
        return space.sizes(space.derive(weights), dict(sizes)).parameters

    plain = {name: _alone(group, 0) for name, group in groups}
    for name, group in groups:  # the operation without parameters
        candidates = [_alone(group, operation) for operation in range(len(group.operations))]
        plain[name] = min(candidates, key=lambda table: parameters({**plain, name: table}))
    rest, tables = parameters(plain), {}
    for name, group in groups:
        table = torch.zeros(group.shape, dtype=torch.float64, device="cpu")
        for edge, (target, _) in enumerate(group.edges):
            inputs = sum(other == target for other, _ in group.edges)
            share = 1.0 if group.inputs is None else group.inputs / inputs
            for operation in range(len(group.operations)):
                changed = plain[name].clone()
                changed[edge] = 0
                changed[edge, operation] = _STRONGER
                table[edge, operation] = share * (parameters({**plain, name: changed}) - rest)
        tables[name] = table
    return ExpectedSize(tables, float(rest))


def _alone(group: Group, operation: int) -> Tensor:
    """One-hot weights [E, O] of one operation on every edge."""
    table = torch.zeros(group.shape, dtype=torch.float64, device="cpu")
    table[:, operation] = 1
    return table
