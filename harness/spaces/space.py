"""What every space offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import nn

    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.supernet import Supernet


class Architecture(Protocol):
    """A frozen, hashable value; `str` gives the canonical text that is its key everywhere."""

    def __hash__(self) -> int: ...

    def canonical(self) -> Architecture:
        """The representative of the architectures that the space's authors count as one."""
        ...

    def minimal(self) -> Architecture:
        """The smallest architecture that is the same network, weight for weight: a score of it is a score of both."""
        ...


class Space(Protocol):
    """A set of architectures with one encoding."""

    @property
    def name(self) -> str:
        """The name that `open_space` takes and tables and stores carry."""
        ...

    @property
    def width(self) -> int:
        """Channels of the first stage, C, of the networks where nothing else is asked for."""
        ...

    @property
    def depth(self) -> int:
        """Their depth: cells a stage in NAS-Bench-201, cells in DARTS."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Architecture]: ...

    def parse(self, text: str) -> Architecture:
        """The architecture that `text` encodes; `SpaceError` says what is wrong with it."""
        ...

    def key(self, architecture: Architecture) -> str:
        """Text under which tables are joined: equal for architectures that are one network, however they are written.

        In NAS-Bench-201 it is `str`, since tables have a row for each way to write a cell.
        """
        ...

    def in_order(self, keys: Sequence[str]) -> Iterator[Architecture]:
        """All architectures in the order of `keys`, say a table's official one."""
        ...

    def sample(self, count: int, seed: int = 0) -> list[Architecture]:
        """`count` different architectures, uniformly."""
        ...

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """The architectures that differ in one choice, an operation or an input: the mutations of a search."""
        ...

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
        """The untrained network of `architecture`, its weights drawn from (seed, key)."""
        ...

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
        """The untrained supernet of the space, its weights drawn from the seed."""
        ...

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> Architecture:
        """The architecture that operation weights stand for; of equal weights the first is taken."""
        ...

    def parameter_count(
        self, architecture: Architecture, *, classes: int = 10, width: int = 16, depth: int = 5, channels: int = 3
    ) -> int:
        """Trainable parameters of that network, in closed form."""
        ...

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
        """Multiply-adds of one forward pass on one image, in closed form."""
        ...
