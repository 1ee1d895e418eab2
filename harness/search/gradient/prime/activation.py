"""Operation weights without competition inside an edge: α clipped to [0, 1] ("CRB" in the authors' code).

Legend: α architecture parameters [E, O] of a group.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.search.gradient.method import Method, Moment, Parameters, Relaxed, Step

if TYPE_CHECKING:
    from harness.spaces.space import Architecture

DEVIATION = 1e-4


def with_clipped_weights(method: Method) -> Method:
    """The method with the weights min(max(α, 0), 1) in the place of its softmax, and nodes that normalise their sums.

    α begins at one over the number of operations; `none` is left out, since a constant 0 has no gradient. An α that
    falls to 0 or below stays 0: the operation is pruned and no more computed. Where an edge has none left, the cell has
    `none` there if it keeps all edges (our reading, for NAS-Bench-201); else the first of equal operations, as in the
    authors' code. There α is also set to 0 after the steps of the weights; it moves in those of α alone.
    """
    step, relax = method.architecture_step, method.relax
    assert step is not None

    def clipped(parameters: Parameters, moment: Moment, purpose: str = "") -> Relaxed:
        weights, active = {}, {}
        for name, alpha in parameters.operations.items():
            kept = moment.kept[name].to(alpha.device)
            weights[name] = alpha.clamp(0, 1).masked_fill(~kept, 0)
            active[name] = (alpha.detach() > 0) & kept
        return replace(relax(parameters, moment, purpose), weights=weights, active=active)

    def choose(at: Step) -> Architecture:
        relaxed = clipped(at.parameters, at.moment)
        kept = {name: _with_none(mask, relaxed.weights[name], at, name) for name, mask in at.moment.kept.items()}
        return at.space.derive(relaxed.weights, relaxed.edges, kept)

    return replace(
        method, relax=clipped, mean=clipped, choose=choose, architecture_step=pruning(step), deviation=DEVIATION,
        start=even_shares,
    )  # fmt: skip


def pruning(architecture_step: Callable[[Step], float]) -> Callable[[Step], float]:
    """The step of α, after which what is not above 0 becomes 0; what was 0 before stays 0."""

    def step(at: Step) -> float:
        pruned = {name: alpha.detach() <= 0 for name, alpha in at.parameters.operations.items()}
        loss = architecture_step(at)
        with torch.no_grad():
            for name, alpha in at.parameters.operations.items():
                alpha.masked_fill_(pruned[name] | (alpha <= 0), 0)
        return loss

    return step


def even_shares(kept: Tensor) -> Tensor:
    """Where α begins: 1 over the number of kept operations of its edge, [E, O]; 0 for the others."""
    return kept / kept.sum(dim=1, keepdim=True)


def _with_none(kept: Tensor, weights: Tensor, at: Step, name: str) -> Tensor:
    """The mask of the operations to choose from: where no weight is above 0, `none` too."""
    operations = at.moment.groups[name].operations
    if "none" not in operations:
        return kept
    mask = kept.to(weights.device).clone()
    mask[(weights <= 0).all(dim=1), operations.index("none")] = True
    return mask
