"""Sparsemax and sparsestmax: weights on the simplex that are sparse, and as sparse as a radius says.

Martins & Astudillo, "From Softmax to Sparsemax", ICML 2016; Shao et al., "SSN: Learning Sparse Switchable Normalization
via SparsestMax", CVPR 2019. Sparsestmax is sparsemax pushed away from the centre of the simplex, to a distance of at
least the radius r. At r = 0 it is sparsemax; from the circumradius sqrt((K - 1) / K) on it has one weight of 1.
Searches let r grow from 0 to 1, so that every choice is made by the end.

Legend: K logits of a row, S its support, u the centre of the face of the simplex that S spans.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from harness.errors import SearchError
from harness.text.shown import shown

_ROUNDED = 8
"""Weights whose distance to the centre is this many units of rounding are equal."""


def sparsemax(logits: Tensor) -> Tensor:
    """The point of the simplex nearest to the logits of each row.

    Args:
        logits: finite values [..., K].

    Returns:
        Weights [..., K], not negative, with sum 1 in each row. Its gradient is that of the logits of positive weights,
        less their mean, and 0 elsewhere.
    """
    ordered = logits.sort(dim=-1, descending=True).values
    sums = ordered.cumsum(dim=-1) - 1
    count = torch.arange(1, logits.shape[-1] + 1, device=logits.device, dtype=logits.dtype)
    size = (count * ordered > sums).sum(dim=-1, keepdim=True)
    threshold = sums.gather(-1, size - 1) / size
    return (logits - threshold).clamp(min=0)


def sparsestmax(logits: Tensor, radius: float) -> Tensor:
    """Sparsemax, pushed away from the centre of the simplex where it is nearer than the radius.

    What is pushed over an edge of the simplex goes on, on the smaller face, with what is left of the radius there. A
    row whose weights on its face are equal has no direction to be pushed in: it stays, with a gradient that is finite.

    Args:
        logits: finite values [..., K].
        radius: r, 0 or more.

    Returns:
        Weights [..., K], not negative, with sum 1 in each row, in the order of the logits. A row that was pushed has no
        gradient along the direction from the centre.

    Raises:
        SearchError: for a radius that is negative or not finite.

    Cost: one sparsemax for each time that a row leaves a face, K at most.
    """
    if not isinstance(radius, (int, float)) or not (math.isfinite(radius) and radius >= 0):
        raise SearchError(f"radius must be a number from 0, got {shown(radius)}")
    point = logits
    squared = torch.full_like(logits[..., :1], float(radius) ** 2)
    inverse_before = torch.zeros_like(squared)
    result = torch.zeros_like(logits)
    going = torch.ones_like(squared, dtype=torch.bool)
    for turn in range(logits.shape[-1]):
        nearest = sparsemax(point)
        support = nearest > 0
        inverse = 1 / support.sum(dim=-1, keepdim=True).to(logits.dtype)
        if turn:
            squared = squared - (inverse - inverse_before)  # ||u - u'||² = 1/|S| - 1/|S'|, since S is a part of S'
        centre = support * inverse
        pushed, stays = _pushed(nearest, centre, squared.clamp(min=0).sqrt())
        stays = stays | (inverse == 1)
        ends = going & (stays | (pushed >= 0).all(dim=-1, keepdim=True))
        result = torch.where(ends, torch.where(stays, nearest, pushed), result)
        going = going & ~ends
        if not bool(going.any()):
            break
        point, inverse_before = torch.where(going, pushed, point), inverse
    return result


def _pushed(nearest: Tensor, centre: Tensor, radius: Tensor) -> tuple[Tensor, Tensor]:
    """The points at the radius in the direction of `nearest` from the centre, and which rows stay where they are."""
    away = nearest - centre
    squared = away.square().sum(dim=-1, keepdim=True)
    equal = squared <= (_ROUNDED * torch.finfo(nearest.dtype).eps) ** 2
    distance = torch.where(equal, torch.ones_like(squared), squared).sqrt()
    stays = equal | (distance >= radius)
    return centre + radius * away / distance, stays
