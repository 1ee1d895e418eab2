"""The network of a wired cell, and the supernet of all of them: no reduction cells, a classifier without bias.

Batch norm of the cells has no scale and shift, and follows the pools too, as in DARTS's search (Xie et al. 2021).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.spaces.darts.genotype import INPUTS
from harness.spaces.darts.layout import CellShape
from harness.spaces.darts.network import cifar_stem, preprocessings
from harness.spaces.darts.operations import operation_module
from harness.spaces.darts.supernet import CellSupernet
from harness.spaces.darts.wiring.cell import OPERATIONS, WiredCell, edges_of
from harness.spaces.darts.wiring.cost import shapes
from harness.spaces.group import Group, Masks
from harness.spaces.mixing import remove_scale_and_shift
from harness.spaces.nasbench201.network import Zero
from harness.spaces.row_wise import row_wise

GROUP = "cell"


def groups(nodes: int) -> dict[str, Group]:
    """The one group of edges; every edge is kept, with `none` as an operation."""
    return {GROUP: Group(edges_of(nodes), OPERATIONS)}


@row_wise
class WiredCellModule(nn.Module):
    """One cell: each node sums its edges, the output concatenates the nodes.

    Args:
        cell: the operations.
        shape: dimensions of the cell.
    """

    def __init__(self, cell: WiredCell, shape: CellShape) -> None:
        super().__init__()
        self.preprocess0, self.preprocess1 = preprocessings(shape)
        self.edges = edges_of(shape.nodes)
        self.layers = nn.ModuleList(_operation(operation, shape.wide) for operation in cell.operations)

    def forward(self, before: Tensor, last: Tensor) -> Tensor:
        """Map the outputs of the two cells before to [N, nodes · wide, H, W]."""
        states = [self.preprocess0(before), self.preprocess1(last)]
        for target in dict.fromkeys(target for target, _ in self.edges):
            terms = [
                layer(states[source])
                for (node, source), layer in zip(self.edges, self.layers, strict=True)
                if node == target
            ]
            states.append(sum(terms[1:], terms[0]))
        return torch.cat(states[INPUTS:], dim=1)


@row_wise
class WiringNetwork(nn.Module):
    """A classifier of equal cells: [N, channels, H, W] to logits [N, classes].

    Args:
        cell: the cell.
        nodes: number of its nodes.
        classes: number of outputs, K.
        width: channels of a node, C.
        depth: number of cells.
        channels: channels of an image.
    """

    def __init__(
        self, cell: WiredCell, nodes: int, *, classes: int = 10, width: int = 16, depth: int = 8, channels: int = 3
    ) -> None:
        super().__init__()
        self.stem = cifar_stem(channels, width)
        self.cells = nn.ModuleList(WiredCellModule(cell, shape) for shape in shapes(width, depth, nodes))
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(nodes * width, classes, bias=False)
        remove_scale_and_shift(self.cells)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [N, classes] of images [N, channels, H, W]."""
        before = last = self.stem(inputs)
        for cell in self.cells:
            before, last = last, cell(before, last)
        logits: Tensor = self.classifier(self.global_pooling(last).flatten(1))
        return logits


class WiringSupernet(CellSupernet):
    """All cells of a number of nodes in one network; the other arguments are those of `SearchableSpace.supernet`."""

    def __init__(
        self,
        nodes: int,
        *,
        classes: int = 10,
        width: int = 16,
        depth: int = 8,
        channels: int = 3,
        partial: int = 1,
        operations: Masks | None = None,
    ) -> None:
        cells = [(GROUP, shape) for shape in shapes(width, depth, nodes)]
        super().__init__(
            groups(nodes), cells, classes=classes, width=width, channels=channels, partial=partial,
            operations=operations, bias=False,
        )  # fmt: skip


def _operation(operation: str, wide: int) -> nn.Module:
    if operation == "none":
        return Zero()
    module = operation_module(operation, wide, stride=1)
    return nn.Sequential(module, nn.BatchNorm2d(wide)) if "pool" in operation else module
