"""NAS-Bench-201's cell with 21 operations an edge: this project's own space, which no paper has and no table is about.

It is for showing what a memory bound does to a supernet: with every operation on every edge, a step of this one takes
about ten times the seconds of NAS-Bench-201's on one core, and keeps seven times the activations for its gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.errors import SpaceError
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.graph import Graph
from harness.spaces.images import ImageClassification
from harness.spaces.listed import changed_once, drawn_sample
from harness.spaces.nasbench201 import WIRING, NasBench201
from harness.spaces.nasbench201.cell import EDGES
from harness.spaces.nasbench201_large import cost
from harness.spaces.nasbench201_large.cell import OPERATIONS, LargeCell, parse
from harness.spaces.nasbench201_large.derivation import derive
from harness.spaces.nasbench201_large.searches import SEARCHES
from harness.spaces.plain_values import how_to_get
from harness.spaces.shape import sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.supernet import Supernet

__all__ = ["LargeCell", "NasBench201Large", "parse"]


class NasBench201Large(ImageClassification):
    """The 85,766,121 cells of NAS-Bench-201's graph with one of 21 operations on each edge, and their networks.

    The methods' arguments and errors are documented in `harness.spaces.space.SearchableSpace`. A text whose operations
    are all NAS-Bench-201's is an architecture of both spaces; where a text alone decides, it is NAS-Bench-201's.
    """

    name = "nasbench201-large"
    shape = NasBench201.shape
    searches = SEARCHES

    def __len__(self) -> int:
        return int(len(OPERATIONS) ** len(EDGES))

    def parse(self, text: object) -> LargeCell:
        """The cell that a text encodes (`cell.parse`); `str` gives the text again.

        >>> str(NasBench201Large().parse("|sep_conv_7x7~0|+|none~0|none~1|+|skip_connect~0|none~1|bot4_conv_3x3~2|"))
        '|sep_conv_7x7~0|+|none~0|none~1|+|skip_connect~0|none~1|bot4_conv_3x3~2|'
        """
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The cell's string, as in NAS-Bench-201."""
        return str(_as_cell(architecture))

    def canonical(self, architecture: Architecture) -> LargeCell:
        """The cell itself: nobody has said which of these cells count as one."""
        return _as_cell(architecture)

    def minimal(self, architecture: Architecture) -> LargeCell:
        """The cell itself, so that every cell is scored as it is written.

        By NAS-Bench-201's rule only cells with `none` or `skip_connect`, 45 % of the space, can be one network with
        another cell, because the others have all six edges. The rule compares all cells, which are too many here.
        """
        return _as_cell(architecture)

    def sample(self, count: int, seed: int = 0) -> list[LargeCell]:
        """`count` different cells: operations are drawn uniformly, and a cell that was drawn before is left out."""
        return drawn_sample(
            self, lambda generator: LargeCell(tuple(generator.choice(OPERATIONS) for _ in EDGES)), count, seed
        )

    def neighbours(self, architecture: Architecture) -> list[LargeCell]:
        """The 120 cells that differ in one edge's operation."""
        return [LargeCell(changed) for changed in changed_once(_as_cell(architecture).operations, OPERATIONS)]

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of a cell, by default of NAS-Bench-201's width and depth."""
        from harness.spaces.initialisation import drawn
        from harness.spaces.nasbench201.network import NasBench201Network
        from harness.spaces.nasbench201_large.network import operation_module

        cell, full = _as_cell(architecture), sizes_within(self.shape, shape, sizes)
        del full["image_size"]

        def make() -> NasBench201Network:
            return NasBench201Network(cell.operations, operation_module, **full)

        return drawn(make, init, derived_seed(seed, "weights", str(cell)))

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
        """The untrained supernet; its one group is `cell`, [6, 21]."""
        from harness.spaces.nasbench201_large.supernet import LargeSupernet
        from harness.spaces.supernet import drawn_supernet

        full = sizes_within(self.shape, shape, sizes)
        del full["image_size"]

        def make() -> LargeSupernet:
            return LargeSupernet(**full, partial=partial, operations=operations)

        return drawn_supernet(make, init, derived_seed(seed, "weights", "supernet", self.name))

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> LargeCell:
        """The cell that has on each edge the operation of the largest weight, `none` included.

        Edge weights do not change which operation of an edge is the largest.
        """
        return derive(weights, edges, operations)

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form, counted as NAS-Bench-201's release does."""
        cell, full = _as_cell(architecture), sizes_within(self.shape, shape, sizes)
        side = full.pop("image_size")
        return Sizes(cost.parameter_count(cell, **full), cost.macs(cell, image_size=side, **full))

    def graphs(self, architecture: Architecture) -> tuple[Graph]:
        """The cell's graph of four nodes and six edges."""
        return (Graph("", WIRING, _as_cell(architecture).operations),)


def _as_cell(architecture: object) -> LargeCell:
    if not isinstance(architecture, LargeCell):
        raise SpaceError(f"{shown(architecture)} is not a nasbench201-large cell: {how_to_get(architecture, parse)}")
    return architecture
