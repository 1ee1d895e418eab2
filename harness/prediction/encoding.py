"""Architectures as rows of numbers: their tables of operation weights, flattened and one behind the other.

Legend: E edges and O operations of a group, D the sum of E · O over the groups, N architectures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from harness.spaces.group import Group, OperationWeights

Shapes = tuple[tuple[int, int], ...]
"""(E, O) of each group, in the order of the groups."""


def shapes_of(groups: Mapping[str, Group]) -> Shapes:
    """The shapes of the tables of a supernet's groups."""
    return tuple(group.shape for group in groups.values())


def encoded(weights: OperationWeights, groups: Mapping[str, Group]) -> Tensor:
    """The encoding [D] of a relaxed architecture, float64, with a gradient to its weights.

    For one-hot weights it is that of a discrete architecture; for a distribution over operations, independent between
    edges, it is the mean encoding of the architectures.

    Args:
        weights: operation weights by group, [E, O].
        groups: the groups, whose order is that of the encoding.
    """
    return torch.cat([weights[name].double().flatten() for name in groups])


def one_hots(choices: npt.ArrayLike, operations: int) -> npt.NDArray[np.float64]:
    """The encodings [N, E · O] of architectures of one group.

    Args:
        choices: number of the operation on each edge, [N, E].
        operations: number of operations, O.
    """
    numbers = np.asarray(choices, dtype=np.int64)
    return np.asarray(np.eye(operations)[numbers].reshape(len(numbers), -1))


def edge_of_entry(shapes: Shapes) -> npt.NDArray[np.int64]:
    """The number of the edge, counted through all groups, that each entry of an encoding belongs to, [D]."""
    operations = [count for edges, count in shapes for _ in range(edges)]
    return np.repeat(np.arange(len(operations)), operations)
