"""The min-norm point of a few gradients: the direction of MGDA (Désidéri 2012; Sener and Koltun 2018).

Legend: K objectives, P parameters; G = g gᵀ the Gram matrix [K, K] of the gradients g [K, P]; w weights [K].
"""

from __future__ import annotations

import math
from itertools import combinations

import torch
from torch import Tensor

from harness.errors import SearchError

MOST = 3
_DEGENERATE = 1e-14
"""Squared sine below which gradients of a face count as affinely dependent."""


def min_norm_weights(gram: Tensor) -> Tensor:
    """The weights w ≥ 0, Σ w = 1, that minimise ‖Σ wᵢ gᵢ‖², exact for up to three gradients.

    The minimum lies inside one face of the simplex: a corner, an edge or the whole triangle. On each face it is the
    solution of a linear system; the smallest of those inside their faces is the minimum. A face whose gradients are
    affinely dependent is left out, since the minimum then lies on a smaller one too. At the minimum d = Σ wᵢ gᵢ has
    ⟨d, gᵢ⟩ ≥ ‖d‖² for all i: −d descends every objective, unless it is zero.

    A gradient of zero gets the weight 1, and d is zero: MGDA then stops.

    Args:
        gram: G, [K, K], K from 1 to 3.

    Returns:
        Weights, float64 [K]; of equal minima the one with the fewest gradients, then the first.

    Raises:
        SearchError: for more than three objectives.
    """
    count = len(gram)
    if count > MOST:
        raise SearchError(f"MGDA is solved exactly for up to {MOST} objectives, got {count}")
    rows = gram.double().tolist()  # a few numbers, for which tensors take a hundred times as long
    best, least = [0.0] * count, math.inf
    for size in range(1, count + 1):
        for face in combinations(range(count), size):
            inside = _inside([[rows[i][j] for j in face] for i in face])
            if inside is None:
                continue
            weights = [0.0] * count
            for place, weight in zip(face, inside, strict=True):
                weights[place] = weight
            value = math.fsum(weights[i] * weights[j] * rows[i][j] for i in face for j in face)
            if value < least:
                best, least = weights, value
    return torch.tensor(best, dtype=torch.float64, device=gram.device)


def _inside(gram: list[list[float]]) -> list[float] | None:
    """The weights of the min-norm point of the affine hull of a face, if all are above 0; else None.

    With the differences bᵢ = gᵢ − g₀, w = (1 − Σ v, v) where (b bᵀ) v = −b g₀: one equation, or two by Cramer's rule.
    """
    if len(gram) == 1:
        return [1.0]
    others, corner = range(1, len(gram)), gram[0][0]
    system = [[gram[i][j] - gram[i][0] - gram[0][j] + corner for j in others] for i in others]
    right = [corner - gram[i][0] for i in others]
    scale = math.prod(system[i][i] for i in range(len(system)))
    if len(gram) == 2:
        determinant, solution = system[0][0], right
    else:
        (a, b), (c, d) = system
        determinant, solution = a * d - b * c, [right[0] * d - b * right[1], a * right[1] - right[0] * c]
    if not scale > 0 or determinant / scale <= _DEGENERATE:
        return None
    rest = [value / determinant for value in solution]
    weights = [1 - sum(rest), *rest]
    return weights if min(weights) > 0 else None
