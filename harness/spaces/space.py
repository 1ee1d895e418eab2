"""What every space offers; the spaces themselves say only what is theirs.

A space of one's own is a class with these members. It is found by `open_space` once an installed distribution names it
under the entry point `nasinit.spaces`, and `harness.conformance.spaces` holds the tests that it should pass.

Legend: N samples, E edges and O operations of a group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, cast, runtime_checkable

from harness.errors import SettingError, SpaceError, unknown
from harness.setting import Setting, Shape, check_fields
from harness.spaces.shape import Dimensions, sizes_within

if TYPE_CHECKING:
    from torch import nn

    from harness.batches import Batch
    from harness.problem import Problem
    from harness.spaces.graph import Graph
    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.supernet import Supernet

A = TypeVar("A")


class Architecture(Protocol):
    """A frozen value; `str` gives the canonical text that is its key everywhere."""

    def __hash__(self) -> int: ...


class Sizes(NamedTuple):
    """How large a network is.

    Attributes:
        parameters: trainable ones.
        macs: multiply-adds of one forward pass on one sample; a multiply-add counts 1.
    """

    parameters: int
    macs: int


class Space(Protocol):
    """A set of architectures with one encoding, and the networks that they stand for."""

    @property
    def name(self) -> str:
        """The name that `open_space` takes and tables and stores carry."""
        ...

    @property
    def shape(self) -> Dimensions:
        """Sizes of the networks and inputs by name, such as width and classes, with defaults and bounds."""
        ...

    @property
    def problem(self) -> Problem:
        """What the networks are trained to do: outputs, targets, losses, and the metric of tables."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the sources of batches; `gaussian` and `uniform` are noise that follows from the seed alone."""
        ...

    def __len__(self) -> int: ...

    def parse(self, text: str) -> Architecture:
        """The architecture that `text` encodes; `SpaceError` says what is wrong with it."""
        ...

    def key(self, architecture: Architecture) -> str:
        """Text under which tables are joined: equal for architectures that are one network, however they are written.

        In NAS-Bench-201 it is `str`, since tables have a row for each way to write a cell.
        """
        ...

    def canonical(self, architecture: Architecture) -> Architecture:
        """The representative of the architectures that the space's authors count as one."""
        ...

    def minimal(self, architecture: Architecture) -> Architecture:
        """The smallest architecture that is the same network, weight for weight: a score of it is a score of both."""
        ...

    def sample(self, count: int, seed: int = 0) -> Sequence[Architecture]:
        """`count` different architectures, uniformly; a smaller sample is the start of a larger one.

        Raises:
            SpaceError: if `count` is below 1, or more than there are.
        """
        ...

    def neighbours(self, architecture: Architecture) -> Sequence[Architecture]:
        """The architectures that differ in one choice, such as an operation or a width: the mutations of a search."""
        ...

    def batch(self, setting: Setting, data: Path | None = None) -> Batch:
        """The batch that a setting describes; the same setting gives the same batch.

        Args:
            setting: from `completed`; its input is none but `given`.
            data: folder of the data that the input names; noise needs none.

        Raises:
            SettingError: for a setting that no batch can be drawn by, or data that are not there.
        """
        ...

    def shape_of(self, batch: Batch) -> Mapping[str, int]:
        """The sizes that a batch decides, such as the channels and the side of images.

        Raises:
            SettingError: for a batch that the space's networks do not take.
        """
        ...

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: int,
    ) -> nn.Module:
        """The untrained network of an architecture.

        Args:
            architecture: one of this space.
            shape: sizes by name; those that are not given are the space's own.
            init: scheme of `harness.spaces.initialisation`.
            seed: the weights follow from (seed, str(architecture)) alone; the global random state does not move.
            **sizes: single sizes, which go before those of `shape`, as in `build(cell, width=4)`.

        Returns:
            A module in train mode, from the arguments of `batch` to outputs that the targets are compared with.

        Raises:
            SpaceError: for an architecture of another space, or sizes that the space's networks cannot have.
            SettingError: for an unknown size or `init`.
        """
        ...

    def sizes(self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: int) -> Sizes:
        """Parameters and multiply-adds of the network that `build` makes of the same arguments."""
        ...

    def graphs(self, architecture: Architecture) -> tuple[Graph, ...]:
        """The architecture as graphs to be drawn, one a cell.

        Raises:
            SpaceError: where the space has no drawing.
        """
        ...


@runtime_checkable
class ListedSpace(Space, Protocol):
    """A space that can be gone through."""

    def __iter__(self) -> Iterator[Architecture]: ...

    def in_order(self, keys: Sequence[str]) -> Sequence[Architecture]:
        """All architectures in the order of `keys`, such as a table's official one.

        Raises:
            SpaceError: if `keys` are not those of all architectures, each once.
        """
        ...


@runtime_checkable
class SearchableSpace(Space, Protocol):
    """A space with a supernet, for searches by gradients."""

    def supernet(
        self,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
        **sizes: int,
    ) -> Supernet:
        """The untrained supernet: every architecture at once, mixed by the operation weights of each pass.

        Args:
            shape: sizes by name, as `build` takes them; those that are not given are the space's own.
            init: scheme of `harness.spaces.initialisation`.
            seed: the weights follow from it and the sizes alone, whatever `operations` keeps; the global random state
                does not move.
            partial: the operations read the first 1/partial of an edge's channels, the others pass by (PC-DARTS).
            operations: by group, a Boolean mask [E, O] of the operations to keep; None for all.
            **sizes: single sizes, which go before those of `shape`.

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


def all_architectures(space: Space) -> Sequence[Architecture]:
    """Every architecture of a space that can be gone through.

    Raises:
        SpaceError: where it cannot.
    """
    if not hasattr(type(space), "__iter__"):
        raise SpaceError(f"the space {space.name} has {len(space):.2e} architectures, too many to list: sample some")
    return list(cast(ListedSpace, space))


def listed_in_order(space: Space, parse: Callable[[str], A], keys: Sequence[str]) -> list[A]:
    """All architectures of a listed space in the order of `keys`; see `ListedSpace.in_order`."""
    found = [parse(key) for key in keys]
    if len(found) != len(space) or len(set(found)) != len(space):
        raise SpaceError(
            f"an order of the space names each of its {len(space):,} architectures once; "
            f"got {len(found):,} keys of which {len(set(found)):,} differ"
        )
    return found


def searchable(space: Space) -> SearchableSpace:
    """The space, if it has a supernet.

    Raises:
        SpaceError: where it has none, so that no search by gradients runs on it.
    """
    if not isinstance(space, SearchableSpace):
        raise SpaceError(f"the space {space.name} has no supernet: no search by gradients runs on it")
    return space


def completed(space: Space, setting: Setting) -> Setting:
    """The setting with the space's own sizes and loss where it leaves them open; what scores are stored by.

    Raises:
        SettingError: for an input, a size or a loss that the space does not have, or a size that is too small.
    """
    if setting.input not in (*space.inputs, "given"):
        raise SettingError(unknown("input", setting.input, (*space.inputs, "given")))
    return replace(
        setting, shape=Shape(sizes_within(space.shape, setting.shape)), loss=space.problem.check_loss(setting.loss)
    )


def changed(space: Space, setting: Setting, changes: Mapping[str, object]) -> Setting:
    """The setting with other values and sizes, named as in `Setting`, completed for the space.

    Raises:
        SettingError: for a name that is neither a value of a setting nor a size of the space, with the nearest.
    """
    check_fields("setting", changes, space.shape)
    return completed(space, replace(setting, **changes))  # type: ignore[arg-type]  # checked by the setting itself


def described(space: Space, setting: Setting) -> str:
    """Short text of what differs from the space's own, and of what users ask for first."""
    return setting.describe(completed(space, Setting(input=space.inputs[0])).flat())
