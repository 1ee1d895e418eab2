"""The supernet of the DARTS space: the search network of Liu, Simonyan and Yang (2019) with all operations mixed.

A cell has two preprocessed inputs, four nodes that each read all nodes before, and 14 edges with eight operations.
Batch norm follows the pools, and only the stem's batch norm has a scale and shift. A parameter of an operation is
`cells.CELL.layers.EDGE.OPERATION.…`, where the rest of the name is that of the derived network.

Work that the edges leaving a node share is done once: the node's ReLU, its two pools with their batch norm, and the
factorised reductions, whose convolutions run as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.spaces.darts.depthwise import depthwise
from harness.spaces.darts.derivation import GROUPS
from harness.spaces.darts.genotype import INPUTS
from harness.spaces.darts.layout import CellShape, cell_shapes
from harness.spaces.darts.network import cifar_stem, preprocessings
from harness.spaces.darts.operations import check_even, operation_module
from harness.spaces.group import Group, Masks
from harness.spaces.mixing import (
    Term,
    average_pool,
    max_pool,
    narrowed,
    normalise_by_batch,
    shuffled,
    summed,
    weighted_norm,
)
from harness.spaces.supernet import MixedLayers, Mixture, NodeSums, Supernet

CONVOLUTIONS = {
    "sep_conv_3x3": (1, (1, 5)),
    "sep_conv_5x5": (1, (1, 5)),
    "dil_conv_3x3": (2, (1,)),
    "dil_conv_5x5": (2, (1,)),
}
"""Dilation, and the positions of the depthwise convolutions in the operation's module."""
_POOLS = ("max_pool_3x3", "avg_pool_3x3")
Terms = Iterator[tuple[int, Term]]
"""Pairs of a target node and a term of its sum."""


class MixedCell(NodeSums):
    """One cell with every kept operation on every edge.

    Args:
        shape: dimensions of the cell.
        name: name of the group of its edges.
        group: its edges and operations.
        partial: operations read 1/partial of the channels; the other channels bypass them (PC-DARTS).
    """

    def __init__(self, shape: CellShape, name: str, group: Group, partial: int = 1) -> None:
        super().__init__()
        self.halves, self.partial, self.narrow = shape.halves, partial, narrowed(shape.wide, partial)
        self.edges, self.operations = group.edges, group.operations
        self.last = max(target for target, _ in self.edges)
        self.leaving = {
            source: [edge for edge, (_, start) in enumerate(self.edges) if start == source]
            for source in range(self.last)
        }  # for each node, the edges that read it
        self.preprocess0, self.preprocess1 = preprocessings(shape)
        self.layers = MixedLayers(
            name, [_layers(self.operations, self.narrow, self._stride(source)) for _, source in self.edges]
        )

    def _stride(self, source: int) -> int:
        return 2 if self.halves and source < INPUTS else 1

    def forward(self, before: Tensor, last: Tensor, mixture: Mixture) -> Tensor:
        """Map the outputs of the two cells before to [N, nodes · wide, H, W], or half that side."""
        values = [self.preprocess0(before), self.preprocess1(last)]
        terms: dict[int, list[Term]] = {target: [] for target in range(INPUTS, self.last + 1)}
        for source in self.leaving:
            if source >= INPUTS:
                values.append(self._node(source, terms[source], values, mixture))
            first = values[source][:, : self.narrow]
            for target, term in chain(
                self._pooled(source, first, mixture),
                self._skipped(source, first, mixture),
                self.convolved(source, first, mixture),
            ):
                terms[target].append(term)
        values.append(self._node(self.last, terms[self.last], values, mixture))
        return torch.cat(values[INPUTS:], dim=1)

    def _pooled(self, source: int, inputs: Tensor, mixture: Mixture) -> Terms:
        """The weighted pools of one node: pool and batch norm without parameters are the same on all edges."""
        stride = self._stride(source)
        for name in _POOLS:
            column = self.operations.index(name)
            live = mixture.live(self.leaving[source], column)
            if live:
                pooled = max_pool(inputs, stride) if name == "max_pool_3x3" else average_pool(inputs, stride)
                normed = functional.batch_norm(pooled, None, None, training=True)
                for edge in live:
                    yield self.edges[edge][0], (normed, mixture.coefficients[edge, column])

    def _skipped(self, source: int, inputs: Tensor, mixture: Mixture) -> Terms:
        """The weighted skips of one node: the node itself, or its factorised reductions, which run as one."""
        column = self.operations.index("skip_connect")
        live = mixture.live(self.leaving[source], column)
        if self._stride(source) == 1:
            for edge in live:
                yield self.edges[edge][0], (inputs, mixture.coefficients[edge, column])
        elif live:
            check_even(inputs)
            relu = functional.relu(inputs)
            halves = []
            for name, shifted in (("conv_1", relu), ("conv_2", relu[:, :, 1:, 1:])):
                weights = torch.cat([self._weight(edge, f"skip_connect.{name}") for edge in live])
                outputs = functional.conv2d(shifted, weights, stride=2)
                halves.append(weighted_norm(outputs, mixture.coefficients[live, column]).chunk(len(live), dim=1))
            for edge, first, second in zip(live, *halves, strict=True):
                yield self.edges[edge][0], (torch.cat([first, second], dim=1), None)

    def convolved(self, source: int, inputs: Tensor, mixture: Mixture) -> Terms:
        """The weighted separable and dilated convolutions of one node."""
        relu = None
        for name in CONVOLUTIONS:
            column = self.operations.index(name)
            for edge in mixture.live(self.leaving[source], column):
                relu = functional.relu(inputs) if relu is None else relu
                features = functional.conv2d(self.depthwise(edge, name, relu), self.pointwise(edge, name))
                yield self.edges[edge][0], (weighted_norm(features, mixture.coefficients[edge, column][None]), None)

    def depthwise(self, edge: int, name: str, relu: Tensor) -> Tensor:
        """What the last pointwise convolution of an operation reads, from the ReLU of the edge's source."""
        dilation, places = CONVOLUTIONS[name]
        features, stride = relu, self._stride(self.edges[edge][1])
        for place in places:
            if place != places[0]:
                features = functional.conv2d(features, self._weight(edge, f"{name}.op.{places[0] + 1}"))
                features, stride = functional.relu(functional.batch_norm(features, None, None, training=True)), 1
            weight = self._weight(edge, f"{name}.op.{place}")
            features = depthwise(features, weight, stride=stride, dilation=dilation)
        return features

    def pointwise(self, edge: int, name: str) -> Tensor:
        """The kernels of an operation's last pointwise convolution, [C, C, 1, 1]."""
        return self._weight(edge, f"{name}.op.{CONVOLUTIONS[name][1][-1] + 1}")

    def _weight(self, edge: int, name: str) -> nn.Parameter:
        return self.get_parameter(f"layers.{edge}.{name}.weight")

    def _node(self, target: int, terms: list[Term], values: list[Tensor], mixture: Mixture) -> Tensor:
        """A node's value: the sum of its terms, and the bypassed channels."""
        if terms:
            mixed = self.normed(summed(terms))
        else:
            stride = self._stride(0)
            mixed = torch.zeros_like(values[0][:, : self.narrow, ::stride, ::stride])
        if self.partial == 1:
            return mixed
        passed = [
            (self._past(values[source], source), mixture.passing(edge))
            for edge, (node, source) in enumerate(self.edges)
            if node == target
        ]
        return shuffled(torch.cat([mixed, summed(passed)], dim=1), self.partial)

    def _past(self, features: Tensor, source: int) -> Tensor:
        """The channels that no operation reads, max-pooled where operations halve the side."""
        rest = features[:, self.narrow :]
        return functional.max_pool2d(rest, 2) if self._stride(source) == 2 else rest


def _layers(operations: Sequence[str], wide: int, stride: int) -> nn.ModuleDict:
    """The operations of one edge that have parameters, by name."""
    names = [name for name in operations if name in CONVOLUTIONS or (name == "skip_connect" and stride == 2)]
    return nn.ModuleDict({name: operation_module(name, wide, stride) for name in names})


class CellSupernet(Supernet):
    """Mixed cells between CIFAR's stem and a linear classifier.

    Args:
        groups: groups of edges by name.
        cells: the cells in order, each as the name of its group and its dimensions.
        classes: number of outputs, K.
        width: channels of the nodes of the first cells, C.
        channels: channels of an image.
        partial: operations read 1/partial of the channels.
        operations: Boolean masks of the operations that exist, by group [E, O]; None for all.
        bias: whether the classifier has a bias.

    Attributes:
        cell: class of its cells.
    """

    cell: type[MixedCell] = MixedCell

    def __init__(
        self,
        groups: Mapping[str, Group],
        cells: Sequence[tuple[str, CellShape]],
        *,
        classes: int,
        width: int,
        channels: int,
        partial: int,
        operations: Masks | None,
        bias: bool = True,
    ) -> None:
        super().__init__(groups, operations)
        self.stem = cifar_stem(channels, width)
        self.cells = nn.ModuleList(self.cell(shape, name, groups[name], partial) for name, shape in cells)
        self.classifier = nn.Linear(cells[-1][1].wide_out, classes, bias=bias)
        normalise_by_batch(self.stem, affine=True)
        normalise_by_batch(self.cells, affine=False)

    def logits(self, inputs: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Logits [N, classes] of images [N, channels, H, W]; H and W can be halved as often as cells halve them."""
        before = last = self.stem(inputs)
        for cell in self.cells:
            assert isinstance(cell, MixedCell)
            before, last = last, cell(before, last, mixtures[cell.layers.group])
        logits: Tensor = self.classifier(last.mean(dim=(2, 3)))
        return logits


class DartsSupernet(CellSupernet):
    """All genotypes of the DARTS space in one network; the arguments are those of `SearchableSpace.supernet`."""

    def __init__(
        self,
        *,
        classes: int = 10,
        width: int = 16,
        depth: int = 8,
        channels: int = 3,
        partial: int = 1,
        operations: Masks | None = None,
    ) -> None:
        cells = [("reduce" if shape.halves else "normal", shape) for shape in cell_shapes(width, depth)]
        super().__init__(
            GROUPS, cells, classes=classes, width=width, channels=channels, partial=partial, operations=operations
        )
