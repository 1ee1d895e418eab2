"""The NAS-Bench-201 space (the topology space of NATS-Bench)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.errors import SpaceError
from harness.setting import derived_seed
from harness.spaces.nasbench201 import cost
from harness.spaces.nasbench201.cell import EDGES, OPERATIONS, Cell, parse
from harness.spaces.nasbench201.derivation import derive
from harness.spaces.nasbench201.isomorphism import all_cells

if TYPE_CHECKING:
    from torch import nn

    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.space import Architecture
    from harness.spaces.supernet import Supernet

__all__ = ["Cell", "NasBench201", "parse"]


class NasBench201:
    """All 15,625 cells of Dong & Yang (2020) and the networks they stand for.

    Methods are those of `harness.spaces.space.Space`, which says what they take and raise.
    """

    name = "nasbench201"
    width = 16
    depth = 5

    def __len__(self) -> int:
        return int(len(OPERATIONS) ** len(EDGES))

    def __iter__(self) -> Iterator[Cell]:
        return iter(all_cells())

    def parse(self, text: str) -> Cell:
        """The cell that `text` encodes; `str` gives it back.

        >>> str(NasBench201().parse("|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"))
        '|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|'
        """
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The cell's string: tables have a row for each of the 15,625 ways to write a cell."""
        return str(_as_cell(architecture))

    def in_order(self, keys: Sequence[str]) -> Iterator[Cell]:
        """All cells in the order of `keys`, such as the official index order."""
        cells = [parse(key) for key in keys]
        if len(cells) != len(self) or len(set(cells)) != len(self):
            raise SpaceError(
                f"an order of the space names each of its {len(self):,} cells once; "
                f"got {len(cells):,} keys of which {len(set(cells)):,} differ"
            )
        return iter(cells)

    def sample(self, count: int, seed: int = 0) -> list[Architecture]:
        """`count` of the 15,625 cells, in random order."""
        if not 1 <= count <= len(self):
            raise SpaceError(
                f"cannot sample {count:,} cells: the space has {len(self):,} (allowed: 1 to {len(self):,})"
            )
        cells: list[Architecture] = list(all_cells())
        random.Random(derived_seed(seed, "sample", self.name)).shuffle(cells)
        return cells[:count]

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """The 24 cells that differ in one edge's operation."""
        operations = _as_cell(architecture).operations
        return [
            Cell((*operations[:edge], new, *operations[edge + 1 :]))
            for edge, old in enumerate(operations)
            for new in OPERATIONS
            if new != old
        ]

    def build(
        self,
        architecture: Architecture,
        *,
        classes: int = 10,
        width: int = 16,
        depth: int = 5,
        channels: int = 3,
        init: str = "pytorch",
        seed: int = 0,
    ) -> nn.Module:
        """The untrained network of a cell, by default of the benchmark's width and depth."""
        from harness.spaces.initialisation import initialise, seeded
        from harness.spaces.nasbench201.network import NasBench201Network

        cell = _as_cell(architecture)
        with seeded(derived_seed(seed, "weights", str(cell))):
            network = NasBench201Network(cell, classes=classes, width=width, depth=depth, channels=channels)
            initialise(network, init)
        return network

    def supernet(
        self,
        *,
        classes: int = 10,
        width: int = 16,
        depth: int = 5,
        channels: int = 3,
        init: str = "pytorch",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
    ) -> Supernet:
        """The untrained supernet; its one group is `cell`, [6, 5]."""
        from harness.spaces.nasbench201.supernet import NasBench201Supernet
        from harness.spaces.supernet import drawn

        def make() -> NasBench201Supernet:
            return NasBench201Supernet(
                classes=classes, width=width, depth=depth, channels=channels, partial=partial, operations=operations
            )

        return drawn(make, init, derived_seed(seed, "weights", "supernet", self.name))

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> Cell:
        """The cell with the operation of the largest weight on each edge, `none` included.

        Edge weights do not change which operation of an edge is the largest.
        """
        return derive(weights, edges, operations)

    def parameter_count(
        self, architecture: Architecture, *, classes: int = 10, width: int = 16, depth: int = 5, channels: int = 3
    ) -> int:
        """Trainable parameters, as the release counts them."""
        return cost.parameter_count(
            _as_cell(architecture), classes=classes, width=width, depth=depth, channels=channels
        )

    def multiply_adds(
        self,
        architecture: Architecture,
        *,
        classes: int = 10,
        width: int = 16,
        depth: int = 5,
        channels: int = 3,
        image_size: int = 32,
    ) -> int:
        """Multiply-adds, as the release counts them."""
        return cost.multiply_adds(
            _as_cell(architecture), classes=classes, width=width, depth=depth, channels=channels, image_size=image_size
        )


def _as_cell(architecture: object) -> Cell:
    if not isinstance(architecture, Cell):
        raise SpaceError(
            f"{architecture!r} is not a NAS-Bench-201 cell: get one from space.parse(text) or space.sample(n)"
        )
    return architecture
