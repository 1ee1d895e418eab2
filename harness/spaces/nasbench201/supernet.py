"""The supernet of NAS-Bench-201: the benchmark's own network with all five operations mixed on every edge.

Its stem, reduction blocks, last batch norm and classifier are the benchmark's; batch norm inside the cells has no
scale and shift (Dong & Yang 2020, section 2.4). A convolution's weight is `cells.BLOCK.layers.EDGE.OPERATION.weight`.

The convolutions of one kind that read the same node run as one: they share its ReLU, their weights are concatenated,
and one batch norm normalises them all. The pool of a node is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import chain
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.spaces.group import Group, Masks
from harness.spaces.mixing import Term, average_pool, narrowed, normalise_by_batch, shuffled, summed, weighted_norm
from harness.spaces.nasbench201.cell import EDGES, NODES
from harness.spaces.nasbench201.derivation import GROUPS
from harness.spaces.nasbench201.network import image_stem, last_activation, stages
from harness.spaces.supernet import MixedLayers, Mixture, NodeSums, Supernet

_LEAVING = {source: [edge for edge, (_, start) in enumerate(EDGES) if start == source] for source in range(NODES - 1)}
"""For each node, the edges that read it."""

Terms = Iterator[tuple[int, Term]]
"""Pairs of a target node and a term of its sum."""

Together = tuple[list[int], Tensor, Tensor]
"""Convolutions of one node that run as one: edges, their kernels below each other, the weights of their outputs."""


class MixedCell(NodeSums):
    """One cell with every kept operation on every edge.

    Args:
        wide: channels of the cell's nodes.
        partial: operations read 1/partial of the channels; the other channels bypass them (PC-DARTS).

    Attributes:
        groups: the group `cell`, whose operations the edges mix.
        kernels: sides of the kernels of the plain convolutions, by operation.
        weightless: the operations without parameters but `none`.
    """

    groups: ClassVar[Mapping[str, Group]] = GROUPS
    kernels: ClassVar[Mapping[str, int]] = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
    weightless: ClassVar[Mapping[str, Callable[[Tensor], Tensor]]] = {
        "skip_connect": lambda inputs: inputs,
        "avg_pool_3x3": average_pool,
    }

    def __init__(self, wide: int, partial: int = 1) -> None:
        super().__init__()
        self.partial, self.narrow = partial, narrowed(wide, partial)
        self.layers = MixedLayers("cell", [self.edge_layers(self.narrow) for _ in EDGES])

    def forward(self, inputs: Tensor, mixture: Mixture) -> Tensor:
        """Map [N, wide, H, W] to the same shape."""
        values = {0: inputs}
        terms: dict[int, list[Term]] = {target: [] for target in range(1, NODES)}
        for source, leaving in _LEAVING.items():
            first = values[source][:, : self.narrow]
            for target, term in self.terms(leaving, first, mixture):
                terms[target].append(term)
            target = source + 1
            values[target] = self._node(target, terms[target], values, mixture)
        return values[NODES - 1]

    def edge_layers(self, wide: int) -> nn.ModuleDict:
        """The operations of one edge that have parameters, by name."""
        return nn.ModuleDict(
            {
                name: nn.Conv2d(wide, wide, kernel, padding=kernel // 2, bias=False)
                for name, kernel in self.kernels.items()
            }
        )

    def terms(self, leaving: list[int], inputs: Tensor, mixture: Mixture) -> Terms:
        """The weighted operations on the edges that leave one node, whose ReLU they share."""
        rectified = cache(lambda: functional.relu(inputs))
        return chain(self.convolved(leaving, rectified, mixture), self._shared(leaving, inputs, mixture))

    def convolved(self, leaving: list[int], rectified: Callable[[], Tensor], mixture: Mixture) -> Terms:
        """The weighted convolutions of one node, whose ReLU is `rectified`, on the edges that leave it."""
        for edges, kernels, weights in self.together(leaving, mixture):
            outputs = functional.conv2d(rectified(), kernels, padding=kernels.shape[-1] // 2)
            normed = weighted_norm(outputs, weights)
            for edge, outputs in zip(edges, normed.chunk(len(edges), dim=1), strict=True):
                yield EDGES[edge][0], (outputs, None)

    def together(self, leaving: list[int], mixture: Mixture) -> Iterator[Together]:
        """The convolutions of one node that run as one."""
        for name in self.kernels:
            column = self.column(name)
            live = mixture.live(leaving, column)
            if live:
                yield live, self.stacked(live, name), mixture.coefficients[live, column]

    def stacked(self, edges: list[int], name: str) -> Tensor:
        """The kernels of an operation on these edges below each other, [E · C, C, k, k]."""
        return torch.cat([self.get_parameter(f"layers.{edge}.{name}.weight") for edge in edges])

    def _shared(self, leaving: list[int], inputs: Tensor, mixture: Mixture) -> Terms:
        """The weighted operations without parameters: a node's result is shared by all edges that leave it."""
        for name, operation in self.weightless.items():
            column = self.column(name)
            live = mixture.live(leaving, column)
            if live:
                outputs = operation(inputs)
                for edge in live:
                    yield EDGES[edge][0], (outputs, mixture.coefficients[edge, column])

    def column(self, operation: str) -> int:
        """The column of an operation in the tables of weights."""
        return self.groups["cell"].operations.index(operation)

    def _node(self, target: int, terms: list[Term], values: Mapping[int, Tensor], mixture: Mixture) -> Tensor:
        """A node's value: the sum of its terms, and the bypassed channels."""
        mixed = self.normed(summed(terms)) if terms else torch.zeros_like(values[0][:, : self.narrow])
        if self.partial == 1:
            return mixed
        passed = [
            (values[source][:, self.narrow :], mixture.passing(edge))
            for edge, (node, source) in enumerate(EDGES)
            if node == target
        ]
        return shuffled(torch.cat([mixed, summed(passed)], dim=1), self.partial)


class NasBench201Supernet(Supernet):
    """All cells of NAS-Bench-201 in one network; the arguments are those of `SearchableSpace.supernet`.

    Attributes:
        cell: class of its cells.
    """

    cell: type[MixedCell] = MixedCell

    def __init__(
        self,
        *,
        classes: int = 10,
        width: int = 16,
        depth: int = 5,
        channels: int = 3,
        partial: int = 1,
        operations: Masks | None = None,
    ) -> None:
        super().__init__(self.cell.groups, operations)
        if partial == 1:  # else the channels that an operation reads do not lie together
            self.fast_layout = torch.channels_last
        self.stem = image_stem(channels, width)
        self.cells = stages(lambda wide: self.cell(wide, partial), width, depth)
        self.lastact = last_activation(4 * width)
        self.classifier = nn.Linear(4 * width, classes)
        normalise_by_batch(self, affine=True)

    def logits(self, inputs: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Logits [N, classes] of images [N, channels, H, W]."""
        features: Tensor = self.stem(inputs)
        for block in self.cells:
            features = block(features, mixtures["cell"]) if isinstance(block, MixedCell) else block(features)
        logits: Tensor = self.classifier(self.lastact(features).mean(dim=(2, 3)))
        return logits
