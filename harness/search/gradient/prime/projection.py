"""Projection of operation weights onto discrete architectures, and their distance from it.

Legend: a operation weights [E, O] of a group; D(a) their projection; E edges, O operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.search.gradient.stages import strongest

if TYPE_CHECKING:
    from harness.spaces.group import EdgeWeights, Group, Masks, OperationWeights


def projected(weights: Tensor, kept: Tensor, group: Group, edges: Tensor | None = None) -> Tensor:
    """The one-hot projection D(a): 1 at each operation of the derived architecture, else 0; without a gradient.

    Where nodes keep all edges, each edge has its strongest operation, `none` included. Where nodes keep some inputs,
    these have their strongest operation other than `none`, and the other edges are 0 (DARTS, section 2.4). An edge
    without a positive weight is 0. Of equal weights the first counts, as in the space's `derive`.

    Args:
        weights: operation weights, not negative, [E, O].
        kept: Boolean mask of the operations to choose from, [E, O].
        group: the edges and operations of the table.
        edges: PC-DARTS's edge weights, which choose the inputs, [E]; None for ones.
    """
    values, kept = weights.detach(), kept.cpu()
    if group.inputs is not None:
        kept = kept.clone()
        kept[:, 0] = False  # `none` is the first operation
    chosen = strongest(values, kept, 1)
    if group.inputs is not None:
        best = values.cpu().masked_fill(~chosen, -torch.inf).amax(dim=1)
        best = best if edges is None else best * edges.detach().cpu()
        chosen = chosen & _strongest_inputs(best, group)[:, None]
    return chosen.to(values) * (values > 0)


def projections(
    weights: OperationWeights, kept: Masks, groups: Mapping[str, Group], edges: EdgeWeights | None = None
) -> dict[str, Tensor]:
    """The projection of each group's weights; the arguments are by group those of `projected`."""
    return {
        name: projected(table, kept[name], groups[name], None if edges is None else edges[name])
        for name, table in weights.items()
    }


def distance(
    weights: OperationWeights, kept: Masks, groups: Mapping[str, Group], edges: EdgeWeights | None = None
) -> float:
    """Distance to discretisation: Σ over the groups of the Frobenius norm ‖a − D(a)‖; 0 for a discrete architecture.

    Uniform softmax weights of O operations on E edges that are all kept have √(E (1 − 1/O)).
    """
    targets = projections(weights, kept, groups, edges)
    return sum(float((table.detach() - targets[name]).double().norm()) for name, table in weights.items())


def _strongest_inputs(best: Tensor, group: Group) -> Tensor:
    """Boolean mask [E] of the edges that each node keeps, by the strength of their operations [E]."""
    kept = torch.zeros(len(best), dtype=torch.bool)
    for node in dict.fromkeys(target for target, _ in group.edges):
        places = torch.tensor([place for place, (target, _) in enumerate(group.edges) if target == node])
        ranked = best[places].sort(descending=True, stable=True).indices
        kept[places[ranked[: group.inputs]]] = True
    return kept
