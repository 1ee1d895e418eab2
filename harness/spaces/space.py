"""What every space offers; the spaces themselves say only what is theirs.

Legend: N samples, K classes, C channels, H and W sides, E edges and O operations of a group.
"""

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
        """All architectures in the order of `keys`, say a table's official one.

        Raises:
            SpaceError: if `keys` are not those of all architectures, each once, or nothing lists the space.
        """
        ...

    def sample(self, count: int, seed: int = 0) -> list[Architecture]:
        """`count` different architectures, uniformly; a smaller sample is the start of a larger one.

        Raises:
            SpaceError: if `count` is below 1, or more than there are.
        """
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
        """The untrained network of `architecture`.

        Args:
            architecture: one of this space.
            classes: outputs of the classifier, K.
            width: channels of the first stage, C.
            depth: as the property of that name counts it.
            channels: channels of an input image.
            init: scheme of `harness.spaces.initialisation`.
            seed: the weights follow from (seed, str(architecture)) alone; the global random state does not move.

        Returns:
            A module in train mode, [N, channels, H, W] to logits [N, K].

        Raises:
            SpaceError: for an architecture of another space, or a width or depth that the space's networks cannot have.
            SettingError: for an unknown `init`.
        """
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
        """The untrained supernet: every architecture at once, mixed by the operation weights of each pass.

        Args:
            classes: outputs of the classifier, K.
            width: channels of the first stage, C.
            depth: as the property of that name counts it.
            channels: channels of an input image.
            init: scheme of `harness.spaces.initialisation`.
            seed: the weights follow from it and the shape alone, whatever `operations` keeps; the global random state
                does not move.
            partial: the operations read the first 1/partial of an edge's channels, the others pass by (PC-DARTS).
            operations: by group, a Boolean mask [E, O] of the operations to keep; None for all.

        Returns:
            A module of images [N, channels, H, W] and operation weights, by group [E, O], to logits [N, K].

        Raises:
            SpaceError: if `partial` does not divide the width into parts that the operations can read, or an edge keeps
                no operation.
            SettingError: for an unknown `init`.
        """
        ...

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> Architecture:
        """The architecture that operation weights stand for; of equal weights the first is taken.

        Args:
            weights: by group [E, O], as a supernet takes them.
            edges: by group [E], PC-DARTS's positive edge weights; None for ones.
            operations: by group, a Boolean mask [E, O] of the operations to choose from; None for all.

        Raises:
            SpaceError: for other groups or shapes, a weight that is not finite, or too few operations left.
        """
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
