"""Expected multiply-adds of a relaxed block of the MoD-NAS space.

Where operations, widths and the exit are drawn by their weights, independently, a node counts with the probability that
the exit is not before it, and an operation on an edge with the probabilities of its own and of the widths at both ends.
All convolutions run at the image's size, so that multiply-adds are weights times pixels times stages.

Legend: O operations, A widths.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from harness.spaces.group import OperationWeights
from harness.spaces.mod_nas.cost import operation_weights
from harness.spaces.mod_nas.notation import OPERATIONS, QUARTERS, channels_of
from harness.spaces.mod_nas.supernet import CHOICES, EDGES, EXITS, GROUPS, WIDTHS


def expected_macs(weights: OperationWeights, *, channels: int, width: int) -> Tensor:
    """Expected multiply-adds of one stage for each pixel, a float64 scalar; stem and tail included.

    Args:
        weights: operation weights by group, each row of which sums to one.
        channels: channels of the images.
        width: C.
    """
    table = _costs(width).to(weights[WIDTHS].device)
    wide = torch.tensor([channels_of(width, each) for each in QUARTERS], dtype=torch.float64, device=table.device)
    whole = torch.zeros_like(weights[WIDTHS][:1])
    whole[:, -1] = 1
    at_node = torch.cat([whole, weights[WIDTHS]]).double()
    exits, choices = weights[EXITS][0].double(), weights[CHOICES].double()
    reached = exits.flip(0).cumsum(0).flip(0)
    total = (at_node[1:] @ wide) @ exits * (9 * channels) + channels + (9 * channels + 1) * width
    for edge, (target, source) in enumerate(EDGES):
        cost = torch.einsum("o,a,b,oab->", choices[edge], at_node[source], at_node[target], table)
        total = total + reached[target - 1] * cost
    return total


def mac_share(weights: OperationWeights, *, channels: int, width: int) -> Tensor:
    """Expected multiply-adds, as a share of those with the costliest operation on every edge, all widths and nodes."""
    most = {name: torch.zeros(group.shape, dtype=torch.float64, device="cpu") for name, group in GROUPS.items()}
    most[CHOICES][:, int(_costs(width)[:, -1, -1].argmax())] = 1
    most[WIDTHS][:, -1] = most[EXITS][:, -1] = 1
    return expected_macs(weights, channels=channels, width=width) / expected_macs(most, channels=channels, width=width)


@lru_cache(maxsize=8)
def _costs(width: int) -> Tensor:
    """Weights of each operation between two widths, [O, A, A]; `none`, the first, has none."""
    wide = [channels_of(width, each) for each in QUARTERS]
    own = [[[operation_weights(each, a, b) for b in wide] for a in wide] for each in OPERATIONS]
    return torch.tensor([[[0] * len(wide)] * len(wide), *own], dtype=torch.float64, device="cpu")
