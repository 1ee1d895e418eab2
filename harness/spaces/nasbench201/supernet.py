"""The supernet of NAS-Bench-201: the benchmark's own network with all five operations mixed on every edge.

Its stem, reduction blocks, last batch norm and classifier are the benchmark's; batch norm inside the cells has no
scale and shift (Dong & Yang 2020, section 2.4). A convolution's weight is `cells.BLOCK.layers.EDGE.OPERATION.weight`.

The convolutions of one kind that read the same node run as one: they share its ReLU, their weights are concatenated,
and one batch norm normalises them all. The pool of a node is computed once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.spaces.group import Masks
from harness.spaces.mixing import Term, average_pool, narrowed, normalise_by_batch, shuffled, summed, weighted_norm
from harness.spaces.nasbench201.cell import EDGES, NODES, OPERATIONS
from harness.spaces.nasbench201.derivation import GROUPS
from harness.spaces.nasbench201.network import image_stem, last_activation, stages
from harness.spaces.supernet import MixedLayers, Mixture, NodeSums, Supernet

_KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
_LEAVING = {source: [edge for edge, (_, start) in enumerate(EDGES) if start == source] for source in range(NODES - 1)}
"""For each node, the edges that read it."""

Terms = Iterator[tuple[int, Term]]
"""Pairs of a target node and a term of its sum."""


class MixedCell(NodeSums):
    """One cell with every kept operation on every edge.

    Args:
        wide: channels of the cell's nodes.
        partial: operations read 1/partial of the channels; the other channels bypass them (PC-DARTS).
    """

    def __init__(self, wide: int, partial: int = 1) -> None:
        super().__init__()
        self.partial, self.narrow = partial, narrowed(wide, partial)
        self.layers = MixedLayers("cell", [_layers(self.narrow) for _ in EDGES])

    def forward(self, inputs: Tensor, mixture: Mixture) -> Tensor:
        """Map [N, wide, H, W] to the same shape."""
        values = {0: inputs}
        terms: dict[int, list[Term]] = {target: [] for target in range(1, NODES)}
        for source, leaving in _LEAVING.items():
            first = values[source][:, : self.narrow]
            for target, term in chain(self._convolved(leaving, first, mixture), _shared(leaving, first, mixture)):
                terms[target].append(term)
            target = source + 1
            values[target] = self._node(target, terms[target], values, mixture)
        return values[NODES - 1]

    def _convolved(self, leaving: list[int], inputs: Tensor, mixture: Mixture) -> Terms:
        """The weighted convolutions of one node on the edges that leave it."""
        relu = None
        for name, kernel in _KERNELS.items():
            column = OPERATIONS.index(name)
            live = mixture.live(leaving, column)
            if live:
                relu = functional.relu(inputs) if relu is None else relu
                weights = torch.cat([self.get_parameter(f"layers.{edge}.{name}.weight") for edge in live])
                outputs = functional.conv2d(relu, weights, padding=kernel // 2)
                normed = weighted_norm(outputs, mixture.coefficients[live, column])
                for edge, outputs in zip(live, normed.chunk(len(live), dim=1), strict=True):
                    yield EDGES[edge][0], (outputs, None)

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


def _layers(wide: int) -> nn.ModuleDict:
    """The operations of one edge that have parameters, by name."""
    return nn.ModuleDict(
        {name: nn.Conv2d(wide, wide, kernel, padding=kernel // 2, bias=False) for name, kernel in _KERNELS.items()}
    )


def _shared(leaving: list[int], inputs: Tensor, mixture: Mixture) -> Terms:
    """The weighted operations without parameters: a node's result is shared by all edges that leave it."""
    for name in ("skip_connect", "avg_pool_3x3"):
        column = OPERATIONS.index(name)
        live = mixture.live(leaving, column)
        if live:
            outputs = average_pool(inputs) if name == "avg_pool_3x3" else inputs
            for edge in live:
                yield EDGES[edge][0], (outputs, mixture.coefficients[edge, column])


class NasBench201Supernet(Supernet):
    """All cells of NAS-Bench-201 in one network; the arguments are those of `SearchableSpace.supernet`."""

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
        super().__init__(GROUPS, operations)
        if partial == 1:  # else the channels that an operation reads do not lie together
            self.fast_layout = torch.channels_last
        self.stem = image_stem(channels, width)
        self.cells = stages(lambda wide: MixedCell(wide, partial), width, depth)
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
