"""The cells of the wiring experiments of Xie et al. (2021): DARTS's operations on every edge of a cell, `none` too.

From their code: the operations and their order, no reduction cells, C = 16 and 8 cells, a classifier without bias,
batch norm without scale and shift that follows the pools too, and a choice by the largest weight of each edge, whatever
it is. Ours: a cell's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from harness.errors import SpaceError
from harness.setting import derived_seed
from harness.spaces.darts.genotype import INPUTS, NODES
from harness.spaces.darts.wiring import cost
from harness.spaces.darts.wiring.cell import OPERATIONS, WiredCell, edges_of, parse
from harness.spaces.graph import Graph, Wiring
from harness.spaces.group import strengths
from harness.spaces.image_sizes import image_dimensions
from harness.spaces.images import ImageClassification
from harness.spaces.listed import changed_once, drawn_sample
from harness.spaces.searches import SearchPreset, SearchPresets
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

    from harness.setting import SizeKeywords
    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.supernet import Supernet

__all__ = ["FullCells", "MinimalCells", "WiredCell", "WiredCells"]


_HALF = "whether the authors train on all images, which one level allows, was not checked: here on half of them"


def _searches(space: str) -> SearchPresets:
    return SearchPresets(
        space,
        {"epochs": 50, "batch_size": 96, "depth": 8},
        {
            "epochs": 10, "width": 8, "depth": 1, "batch_size": 64, "image_size": 16, "images": 4096, "augment": False,
            "evaluation_batches": 5, "alpha_lr": 0.01,
        },
        {
            "darts": SearchPreset(),
            "dsnas": SearchPreset({"epochs": 150}, {"epochs": 20}, _HALF),
        },
    )  # fmt: skip


class WiredCells(ImageClassification):
    """The cells of some number of nodes; the networks repeat one cell and never halve the side.

    The methods' arguments and errors are documented in `harness.spaces.space.SearchableSpace`.
    """

    name: ClassVar[str]
    nodes: ClassVar[int]
    searches: ClassVar[SearchPresets]
    shape = image_dimensions(
        width=Dimension(16, 1, "channels of the cell's operations, C"), depth=Dimension(8, 1, "cells")
    )

    def __len__(self) -> int:
        return int(len(OPERATIONS) ** len(edges_of(self.nodes)))

    def parse(self, text: str) -> WiredCell:
        """The cell that a text encodes (`cell.parse`)."""
        return parse(text, self.nodes)

    def key(self, architecture: Architecture) -> str:
        """The cell's text."""
        return str(self._cell(architecture))

    def canonical(self, architecture: Architecture) -> WiredCell:
        """The cell itself."""
        return self._cell(architecture)

    def minimal(self, architecture: Architecture) -> WiredCell:
        """The cell itself: no two are known to be one network, weight for weight."""
        return self._cell(architecture)

    def sample(self, count: int, seed: int = 0) -> list[WiredCell]:
        """`count` different random cells."""
        edges = edges_of(self.nodes)
        return drawn_sample(
            self, lambda generator: WiredCell(tuple(generator.choice(OPERATIONS) for _ in edges)), count, seed
        )

    def neighbours(self, architecture: Architecture) -> list[WiredCell]:
        """The cells that differ in one edge's operation."""
        return [WiredCell(changed) for changed in changed_once(self._cell(architecture).operations, OPERATIONS)]

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of a cell, by default of the authors' search."""
        from harness.spaces.darts.wiring.network import WiringNetwork
        from harness.spaces.initialisation import drawn

        cell, full = self._cell(architecture), sizes_within(self.shape, shape, sizes)
        del full["image_size"]
        return drawn(lambda: WiringNetwork(cell, self.nodes, **full), init, derived_seed(seed, "weights", str(cell)))

    def supernet(
        self,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
        **sizes: Unpack[SizeKeywords],
    ) -> Supernet:
        """The untrained supernet; its one group is `cell`, [5, 8] for two nodes and [14, 8] for four."""
        from harness.spaces.darts.wiring.network import WiringSupernet
        from harness.spaces.supernet import drawn_supernet

        full = sizes_within(self.shape, shape, sizes)
        del full["image_size"]

        def make() -> WiringSupernet:
            return WiringSupernet(self.nodes, **full, partial=partial, operations=operations)

        return drawn_supernet(make, init, derived_seed(seed, "weights", "supernet", self.name))

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> WiredCell:
        """The cell that has on each edge the operation of the largest weight, `none` included."""
        from harness.spaces.darts.wiring.network import GROUP, groups

        rows = strengths(weights, edges, operations, groups(self.nodes))[GROUP]
        return WiredCell(tuple(OPERATIONS[row.index(max(row))] for row in rows))

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form."""
        return cost.sizes(self._cell(architecture), self.nodes, **sizes_within(self.shape, shape, sizes))

    def graphs(self, architecture: Architecture) -> tuple[Graph]:
        """The cell's graph; nodes 0 and 1 are the outputs of the two cells before."""
        nodes, output = range(INPUTS, INPUTS + self.nodes), INPUTS + self.nodes
        wiring = Wiring(
            labels=("k−2", "k−1", *map(str, nodes), "out"),
            edges=tuple((source, target) for target, source in edges_of(self.nodes)),
            plain=tuple((node, output) for node in nodes),
        )
        return (Graph("", wiring, self._cell(architecture).operations),)

    def _cell(self, architecture: object) -> WiredCell:
        if not isinstance(architecture, WiredCell) or len(architecture.operations) != len(edges_of(self.nodes)):
            raise SpaceError(f"{shown(architecture)} is no cell of {self.name}: get one from space.parse(text)")
        return architecture


class MinimalCells(WiredCells):
    """The minimal cells: two nodes and five edges, 32,768 cells."""

    name = "wiring-minimal"
    nodes = 2
    searches = _searches(name)


class FullCells(WiredCells):
    """The full cells: DARTS's four nodes and 14 edges, 4.4 · 10^12 cells."""

    name = "wiring-full"
    nodes = NODES
    searches = _searches(name)
