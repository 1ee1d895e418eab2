"""Proximity to discretisation, in the loss of the architecture parameters (DARTS-PRIME).

Legend: a operation weights [E, O] of a group, D(a) their projection; ρ weight of the term; p share of the search that
is over; O number of operations of an edge.

The equations are read from the authors' code, not from the paper. There the norm is not squared, so that the pull does
not fade near a discrete architecture, and the projection is that of the current step, without a gradient.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.search.gradient.prime.projection import projections

if TYPE_CHECKING:
    from harness.search.gradient.method import Moment, Parameters, Relaxed

_SMALLEST = 1e-4
"""Weights are not below it in the adjustment, whose power has no finite derivative at 0."""


def proximity(parameters: Parameters, relaxed: Relaxed, moment: Moment, memory: dict[str, Tensor]) -> Tensor:
    """Proximity p · ρ/2 · Σ over the groups of ‖a − D(a)‖, the Frobenius norm; 0 for a discrete architecture.

    Args:
        parameters: the architecture parameters, which are not read.
        relaxed: the operation weights a, without noise.
        moment: the step, of which p is that at its end.
        memory: what the search keeps, which is not read.
    """
    targets = projections(relaxed.weights, moment.kept, moment.groups, relaxed.edges)
    norms = [(table - targets[name]).norm() for name, table in relaxed.weights.items()]
    return moment.done * moment.setting.rho / 2 * torch.stack(norms).sum()


def adjusted_proximity(parameters: Parameters, relaxed: Relaxed, moment: Moment, memory: dict[str, Tensor]) -> Tensor:
    """Adjusted ρ/2 · Σ over the groups of ‖(a − D(a)) ((1 − p) · 4 (a^(ln 2 / ln O) − ½)² + p)‖, products by element.

    The factor of p = 0 is 0 at a = 1/O and 1 at 0 and at 1: at first, only what has left the uniform weights is pulled.
    a is at least 0.0001 in the power. Arguments as in `proximity`.
    """
    targets, p = projections(relaxed.weights, moment.kept, moment.groups, relaxed.edges), moment.done
    norms = []
    for name, table in relaxed.weights.items():
        count = int(moment.kept[name][0].sum())  # equally many on each edge
        power = math.log(2) / math.log(count) if count > 1 else 1.0
        factor = 4 * (table.clamp(_SMALLEST, 1).pow(power) - 0.5).square()
        norms.append(((table - targets[name]) * ((1 - p) * factor + p)).norm())
    return moment.setting.rho / 2 * torch.stack(norms).sum()
