"""The NAS-Bench-201 space (the topology space of NATS-Bench)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.errors import SpaceError
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.graph import Graph, Wiring
from harness.spaces.image_sizes import image_dimensions
from harness.spaces.images import ImageClassification
from harness.spaces.listed import changed_once, listed_in_order, listed_sample
from harness.spaces.nasbench201 import cost
from harness.spaces.nasbench201.cell import EDGES, NODES, OPERATIONS, Cell, parse
from harness.spaces.nasbench201.derivation import derive
from harness.spaces.nasbench201.isomorphism import all_cells, representative
from harness.spaces.nasbench201.same_network import minimal
from harness.spaces.nasbench201.searches import SEARCHES
from harness.spaces.plain_values import how_to_get
from harness.spaces.searches import IndexedSpace
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.supernet import Supernet

__all__ = ["Cell", "NasBench201", "parse"]

WIRING = Wiring(("in", *map(str, range(1, NODES - 1)), "out"), tuple((source, target) for target, source in EDGES))


class NasBench201(ImageClassification):
    """All 15,625 cells of Dong & Yang (2020) and their networks.

    The methods' arguments and errors are documented in `harness.spaces.space.SearchableSpace` and `ListedSpace`.
    """

    name = "nasbench201"
    shape = image_dimensions(
        width=Dimension(16, 1, "channels of the first stage, C"), depth=Dimension(5, 1, "cells per stage, N")
    )
    searches = SEARCHES
    choices = IndexedSpace(len(OPERATIONS), tuple(range(1, NODES)))

    def __len__(self) -> int:
        return int(len(OPERATIONS) ** len(EDGES))

    def __iter__(self) -> Iterator[Cell]:
        return iter(all_cells())

    def parse(self, text: object) -> Cell:
        """The cell that a text, or six indices, encode (`cell.parse`); `str` gives the text again.

        >>> str(NasBench201().parse("|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"))
        '|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|'
        """
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The cell's string: tables have a row for each of the 15,625 ways to write a cell."""
        return str(_as_cell(architecture))

    def canonical(self, architecture: Architecture) -> Cell:
        """The representative of the cells with the same graph (`isomorphism.representative`)."""
        return representative(_as_cell(architecture))

    def minimal(self, architecture: Architecture) -> Cell:
        """The smallest cell that is the same network, weight for weight (`same_network.minimal`)."""
        return minimal(_as_cell(architecture))

    def in_order(self, keys: Sequence[str]) -> list[Cell]:
        """All cells in the order of `keys`, such as the official index order."""
        return listed_in_order(self, parse, keys)

    def sample(self, count: int, seed: int = 0) -> list[Cell]:
        """`count` of the 15,625 cells, in random order."""
        return listed_sample(self, all_cells(), count, seed)

    def neighbours(self, architecture: Architecture) -> list[Cell]:
        """The 24 cells that differ in one edge's operation."""
        return [Cell(changed) for changed in changed_once(_as_cell(architecture).operations, OPERATIONS)]

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of a cell, by default of the benchmark's width and depth."""
        from harness.spaces.initialisation import drawn
        from harness.spaces.nasbench201.network import NasBench201Network

        cell, full = _as_cell(architecture), sizes_within(self.shape, shape, sizes)
        del full["image_size"]

        def make() -> NasBench201Network:
            return NasBench201Network(cell.operations, **full)

        return drawn(make, init, derived_seed(seed, "weights", str(cell)))

    def supernet(
        self,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
        simplify: bool = False,
        kernel_normalisation: bool = True,
        **sizes: Unpack[SizeKeywords],
    ) -> Supernet:
        """The untrained supernet; its one group is `cell`, [6, 5]."""
        from harness.spaces.nasbench201.simplified import OwnKernelSupernet, SimplifiedSupernet
        from harness.spaces.nasbench201.supernet import NasBench201Supernet
        from harness.spaces.supernet import drawn_supernet

        full = sizes_within(self.shape, shape, sizes)
        del full["image_size"]

        simplified = SimplifiedSupernet if kernel_normalisation else OwnKernelSupernet

        def make() -> NasBench201Supernet:
            kind = simplified if simplify else NasBench201Supernet
            return kind(**full, partial=partial, operations=operations)

        return drawn_supernet(make, init, derived_seed(seed, "weights", "supernet", self.name))

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> Cell:
        """The cell that has on each edge the operation of the largest weight, `none` included.

        Edge weights do not change which operation of an edge is the largest.
        """
        return derive(weights, edges, operations)

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form, as the release counts them."""
        cell, full = _as_cell(architecture), sizes_within(self.shape, shape, sizes)
        side = full.pop("image_size")
        return Sizes(cost.parameter_count(cell, **full), cost.macs(cell, image_size=side, **full))

    def graphs(self, architecture: Architecture) -> tuple[Graph]:
        """The cell's graph of four nodes and six edges."""
        return (Graph("", WIRING, _as_cell(architecture).operations),)


def _as_cell(architecture: object) -> Cell:
    if not isinstance(architecture, Cell):
        raise SpaceError(f"{shown(architecture)} is not a NAS-Bench-201 cell: {how_to_get(architecture, parse)}")
    return architecture
