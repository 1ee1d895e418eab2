"""The terms that the trilevel search adds to its losses: the order of the nodes, and multiply-adds.

Legend: J nodes, E places of a cell over all cells, O operations, W widths; L cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from harness.spaces.trilevel.cost import convolution, operation_weights
from harness.spaces.trilevel.notation import FULL, OPERATIONS, OPERATIONS_OF_CELL, RATIOS, WIDTHS_OF_CELL
from harness.spaces.trilevel.widths import channels_of

if TYPE_CHECKING:
    from harness.search.gradient.method import Moment
    from harness.spaces.space import SearchableSpace

_WITH_ALL_WIDTHS, _WITH_DRAWN = 2 / 7, 5 / 7


def order_loss(logits: Tensor, nodes: Sequence[str]) -> Tensor:
    """Σ over paths to the end of the tree of the differences of logits from node to node: γ_last - γ_first of each.

    Args:
        logits: γ of the nodes, [J].
        nodes: the nodes' paths, such as `0`, `01` and `010`.
    """
    longest = max(map(len, nodes))
    ends = [place for place, path in enumerate(nodes) if len(path) == longest]
    return (logits[ends] - logits[nodes.index("0")]).sum()


def mac_share(space: SearchableSpace, moment: Moment, weights: Mapping[str, Tensor]) -> Tensor:
    """Expected multiply-adds, as a share of those of the costliest network of the supernet.

    2/7 of them with all widths and the operations' own weights, 5/7 with the given widths and even weights of
    operations; both by the nodes' own weights. Multiply-adds of one small image go as the weights of its convolutions.

    Args:
        space: the space that is searched.
        moment: moment of the search.
        weights: of nodes [1, J], operations [E, O] and widths [E', W], rows of which are one-hot.
    """
    setting, nodes = moment.setting, moment.groups["nodes"].operations
    channels = space.shape["channels"].default
    costs = _costs(setting.width, channels, space.problem.scale, nodes)  # type: ignore[attr-defined]
    operations, widths = weights["operations"], weights["widths"]
    full = torch.zeros_like(widths)
    full[:, FULL] = 1
    even = torch.full_like(operations, 1 / len(OPERATIONS))
    own = _expected(costs, weights["nodes"][0], operations, full)
    drawn = _expected(costs, weights["nodes"][0], even, widths)
    return (_WITH_ALL_WIDTHS * own + _WITH_DRAWN * drawn) / costs.most


class _Costs(NamedTuple):
    """Weights of convolutions at a pixel.

    Attributes:
        by_operation: of each operation between two widths, [O, W, W].
        cells: how many times each cell is on the path to a node, [J, L].
        rest: of stem, upsamplings and tail, [J].
        most: of the costliest network.
    """

    by_operation: Tensor
    cells: Tensor
    rest: Tensor
    most: float


def _expected(costs: _Costs, nodes: Tensor, operations: Tensor, widths: Tensor) -> Tensor:
    cells = len(operations) // OPERATIONS_OF_CELL
    inside = widths.reshape(cells, WIDTHS_OF_CELL, len(RATIOS))
    ends = torch.zeros_like(inside[:, :1])
    ends[..., FULL] = 1
    chain = torch.cat([ends, inside, ends], dim=1)
    table = operations.reshape(cells, OPERATIONS_OF_CELL, len(OPERATIONS))
    by_operation = costs.by_operation.to(table)
    of_cells = torch.einsum("cpo,cpa,cpb,oab->c", table, chain[:, :-1], chain[:, 1:], by_operation)
    return nodes @ (costs.cells.to(table) @ of_cells + costs.rest.to(table))


@lru_cache(maxsize=8)
def _costs(width: int, channels: int, scale: int, nodes: tuple[str, ...]) -> _Costs:
    sizes = channels_of(width)
    by_operation = torch.tensor(
        [[[operation_weights(kind, a, b) for b in sizes] for a in sizes] for kind in range(len(OPERATIONS))],
        dtype=torch.float64, device="cpu",
    )  # fmt: skip
    of_cells = [path for path in nodes if path.endswith("0")]
    cells = torch.tensor(
        [[float(path.startswith(cell)) for cell in of_cells] for path in nodes], dtype=torch.float64, device="cpu"
    )
    up = convolution(width, width)
    both = convolution(channels, width) + convolution(width, channels * scale**2)
    rest = torch.tensor([both + up * path.count("1") for path in nodes], dtype=torch.float64, device="cpu")
    costliest_cell = _costliest(by_operation)
    most = float((cells.sum(dim=1) * costliest_cell + rest).max())
    return _Costs(by_operation, cells, rest, most)


def _costliest(by_operation: Tensor) -> float:
    """Weights of the cell with the most, over all operations and widths: the longest chain of places."""
    step = by_operation.max(dim=0).values
    reached = step[FULL]
    for _ in range(OPERATIONS_OF_CELL - 1):
        reached = (reached[:, None] + step).max(dim=0).values
    return float(reached[FULL])
