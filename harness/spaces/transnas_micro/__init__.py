"""The micro space of TransNAS-Bench-101."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from harness.errors import SpaceError
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.graph import Graph
from harness.spaces.image_sizes import image_dimensions
from harness.spaces.images import ImageClassification
from harness.spaces.listed import changed_once, listed_in_order, listed_sample
from harness.spaces.nasbench201 import WIRING
from harness.spaces.nasbench201.cell import EDGES, NODES
from harness.spaces.plain_values import how_to_get
from harness.spaces.searches import IndexedSpace
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.spaces.transnas_micro import cost
from harness.spaces.transnas_micro.cell import OPERATIONS, MicroCell, all_cells, parse
from harness.spaces.transnas_micro.same_network import minimal
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

__all__ = ["MicroCell", "TransNasMicro", "parse"]


class TransNasMicro(ImageClassification):
    """All 4,096 cells of Duan et al. (2021) and their networks, as classifiers.

    The methods' arguments and errors are documented in `harness.spaces.space.ListedSpace`. By default networks and
    images have the size that the scene task was trained at: 64 channels, 256 × 256 pixels, 47 classes.
    """

    name = "transnas-micro"
    shape = image_dimensions(
        image_size=Dimension(256, 4, "pixels on a side"),
        classes=Dimension(47, 2, "outputs of the network, K"),
        width=Dimension(64, 2, "channels after the stem, C"),
        depth=Dimension(2, 1, "cells in each of the five modules"),
    )
    choices = IndexedSpace(len(OPERATIONS), tuple(range(1, NODES)))
    _network: ClassVar[str] = "TransNasMicroNetwork"

    def __len__(self) -> int:
        return int(len(OPERATIONS) ** len(EDGES))

    def __iter__(self) -> Iterator[MicroCell]:
        return all_cells()

    def parse(self, text: object) -> MicroCell:
        """The cell that a text, or six digits, encode (`cell.parse`); `str` gives the short text.

        >>> str(TransNasMicro().parse("64-41414-1_02_333"))
        '1_02_333'
        """
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The cell's text: the table has a row for each of the 4,096 cells."""
        return str(_as_cell(architecture))

    def canonical(self, architecture: Architecture) -> MicroCell:
        """The smallest cell that is the same network, since the authors count no cells as one."""
        return minimal(_as_cell(architecture))

    def minimal(self, architecture: Architecture) -> MicroCell:
        """The smallest cell that is the same network, weight for weight (`same_network.minimal`)."""
        return minimal(_as_cell(architecture))

    def in_order(self, keys: Sequence[str]) -> list[MicroCell]:
        """All cells in the order of `keys`, such as that of a table."""
        return listed_in_order(self, parse, keys)

    def sample(self, count: int, seed: int = 0) -> list[MicroCell]:
        """`count` of the 4,096 cells, in random order."""
        return listed_sample(self, list(self), count, seed)

    def neighbours(self, architecture: Architecture) -> list[MicroCell]:
        """The 18 cells that differ in one edge's operation."""
        return [MicroCell(changed) for changed in changed_once(_as_cell(architecture).operations, OPERATIONS)]

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
        from harness.spaces.transnas_micro import network

        cell, full = _as_cell(architecture), sizes_within(self.shape, shape, sizes)
        del full["image_size"]
        kind = getattr(network, self._network)
        made: nn.Module = drawn(lambda: kind(cell.operations, **full), init, derived_seed(seed, "weights", str(cell)))
        return made

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form."""
        cell, full = _as_cell(architecture), sizes_within(self.shape, shape, sizes)
        side = full.pop("image_size")
        return Sizes(cost.parameter_count(cell, **full), cost.macs(cell, image_size=side, **full))

    def graphs(self, architecture: Architecture) -> tuple[Graph]:
        """The cell's graph of four nodes and six edges."""
        return (Graph("", WIRING, _as_cell(architecture).operations),)


def _as_cell(architecture: object) -> MicroCell:
    if not isinstance(architecture, MicroCell):
        raise SpaceError(
            f"{shown(architecture)} is not a cell of TransNAS-Bench-101: {how_to_get(architecture, parse)}"
        )
    return architecture
