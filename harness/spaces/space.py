"""The interface of all spaces; a space's own docstrings have only what is special there.

A user's own space is a class with these members. `open_space` finds it once an installed distribution names it under
the entry point `nasinit.spaces`, and `harness.conformance.spaces` has the tests that it should pass.

Legend: N samples, E edges and O operations of a group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, runtime_checkable

from harness.errors import SettingError, SpaceError, check_most, unknown
from harness.setting import Setting, Shape, SizeKeywords, check_fields
from harness.spaces.shape import Dimensions, sizes_within

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

    from harness.batches import Batch
    from harness.problem import Problem
    from harness.spaces.graph import Graph
    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.supernet import Supernet

A = TypeVar("A")


class Architecture(Protocol):
    """An architecture: a frozen value, whose `str` is the text that it is named by everywhere."""

    def __hash__(self) -> int: ...


class Sizes(NamedTuple):
    """The size of a network.

    Attributes:
        parameters: number of trainable parameters.
        macs: multiply-adds of one forward pass on one sample; a multiply-add counts 1.
    """

    parameters: int
    macs: int


class Space(Protocol):
    """A search space: a set of architectures with one encoding, and their networks."""

    @property
    def name(self) -> str:
        """The space's name, for `open_space` and in tables and stores."""
        ...

    @property
    def shape(self) -> Dimensions:
        """Sizes of the networks and inputs by name, such as width and classes, with defaults and bounds."""
        ...

    @property
    def problem(self) -> Problem:
        """The problem that the networks are trained for: outputs, targets, losses, and the metric of tables."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the sources of batches; `gaussian` and `uniform` are noise that follows from the seed alone."""
        ...

    def __len__(self) -> int: ...

    def __hash__(self) -> int: ...

    def parse(self, text: str) -> Architecture:
        """The architecture that `text` encodes; `SpaceError` names what is wrong with the text."""
        ...

    def key(self, architecture: Architecture) -> str:
        """The text by which tables are joined: equal for all encodings of one network.

        In NAS-Bench-201 it is `str`, since tables have a row for each encoding of a cell.
        """
        ...

    def canonical(self, architecture: Architecture) -> Architecture:
        """The canonical form: the representative of the architectures that the space's authors count as one."""
        ...

    def minimal(self, architecture: Architecture) -> Architecture:
        """The smallest architecture that is the same network, weight for weight, so that both share a score."""
        ...

    def sample(self, count: int, seed: int = 0) -> Sequence[Architecture]:
        """`count` different architectures, drawn uniformly; a smaller sample is the beginning of a larger one.

        Raises:
            SpaceError: if `count` is below 1, or above the number of architectures.
        """
        ...

    def neighbours(self, architecture: Architecture) -> Sequence[Architecture]:
        """The architectures that differ in one choice, such as an operation or a width: a search's mutations."""
        ...

    def batch(self, setting: Setting, data: Path | None = None) -> Batch:
        """The batch that a setting describes; the same setting gives the same batch.

        Args:
            setting: a setting that `completed` has returned, with any input except `given`.
            data: folder of the data that the setting's input names; None for noise.

        Raises:
            SettingError: for a setting from which no batch can be drawn, or missing data.
        """
        ...

    def shape_of(self, batch: Batch) -> Mapping[str, int]:
        """The sizes that follow from a batch, such as the channels and the side of images.

        Raises:
            SettingError: for a batch that the space's networks cannot read.
        """
        ...

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of an architecture.

        Args:
            architecture: an architecture of this space.
            shape: sizes by name; the space's defaults are used for the others.
            init: name of an initialisation of `harness.spaces.initialisation`.
            seed: seed of the weights, which follow from (seed, str(architecture)) alone; the global random state does
                not change.
            **sizes: single sizes, which replace those of `shape`, as in `build(cell, width=4)`. A type checker knows
                those of the built-in spaces; those of another space go by `shape`.

        Returns:
            A module in train mode that maps the arguments of a batch to outputs, which its targets are compared with.

        Raises:
            SpaceError: for an architecture of another space, or sizes that the space's networks cannot have.
            SettingError: for an unknown size or `init`.
        """
        ...

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds of the network that `build` makes from the same arguments."""
        ...

    def graphs(self, architecture: Architecture) -> tuple[Graph, ...]:
        """The architecture as graphs for drawing, one per cell.

        Raises:
            SpaceError: where the space has no drawing.
        """
        ...


@runtime_checkable
class ListedSpace(Space, Protocol):
    """A space whose architectures can be listed.

    It may state its architectures as choices (`choices`, a `harness.spaces.searches.IndexedSpace`), for searches that
    query tables.
    """

    def __iter__(self) -> Iterator[Architecture]: ...

    def in_order(self, keys: Sequence[str]) -> Sequence[Architecture]:
        """All architectures in the order of `keys`, such as a table's official order.

        Raises:
            SpaceError: if `keys` does not name every architecture exactly once.
        """
        ...


@runtime_checkable
class SearchableSpace(Space, Protocol):
    """A space with a supernet, for gradient-based searches.

    It may state the settings of searches (`searches`, a `harness.spaces.searches.SearchPresets`).
    """

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
        """The untrained supernet: all architectures in one network, mixed by the operation weights of each pass.

        Args:
            shape: sizes by name, as in `build`; the space's defaults are used for the others.
            init: name of an initialisation of `harness.spaces.initialisation`.
            seed: seed of the weights, which follow from the seed and the sizes alone, whatever `operations` keeps; the
                global random state does not change.
            partial: operations read the first 1/partial of an edge's channels; the others bypass them (PC-DARTS).
            operations: by group, a Boolean mask [E, O] of the operations to keep; None for all.
            **sizes: single sizes, which replace those of `shape`.

        Returns:
            A module that maps images [N, channels, H, W], or the arguments of a graph's batch as one tuple, and
            operation weights, by group [E, O], to logits [N, K].

        Raises:
            SpaceError: if `partial` does not divide the width into parts that the operations can read, or an edge keeps
                no operation.
            SettingError: for an unknown `init`.
        """
        ...

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> Architecture:
        """The architecture that is derived from operation weights; of equal weights the first is taken.

        Args:
            weights: operation weights of the supernet, by group [E, O].
            edges: PC-DARTS's positive edge weights, by group [E]; None for ones.
            operations: by group, a Boolean mask [E, O] of the operations to choose from; None for all.

        Raises:
            SpaceError: for wrong groups or shapes, a weight that is not finite, or too few operations left.
        """
        ...


def searchable(space: Space) -> SearchableSpace:
    """The space, if it has a supernet.

    Raises:
        SpaceError: where the space has no supernet, so that no gradient-based search runs on it.
    """
    if not isinstance(space, SearchableSpace):
        raise SpaceError(f"the space {space.name} has no supernet: no gradient-based search runs on it")
    return space


MOST = 2**20
"""Largest batch, number of probes and size of anything in a scored network: no machine holds more."""


def tabulated_space(space: Space) -> str:
    """Name of the space whose tables have a space's architectures: its own, unless its `tables_of` names another."""
    return str(getattr(space, "tables_of", space.name))


def completed(space: Space, setting: Setting) -> Setting:
    """The setting with the space's defaults for sizes and loss that it does not give; scores are stored by it.

    Raises:
        SettingError: for an input, a size or a loss that the space does not have, or a size that is too small, or
            above `MOST`.
    """
    if setting.input not in (*space.inputs, "given"):
        raise SettingError(unknown("input", setting.input, (*space.inputs, "given")))
    for name, number in {"batch_size": setting.batch_size, "probes": setting.probes, **setting.shape}.items():
        check_most(name, number, MOST, SettingError)
    return replace(
        setting, shape=Shape(sizes_within(space.shape, setting.shape)), loss=space.problem.check_loss(setting.loss)
    )


def changed(space: Space, setting: Setting, changes: Mapping[str, object]) -> Setting:
    """The setting with other values and sizes, named as in `Setting`, completed for the space.

    Raises:
        SettingError: for a name that is neither a value of a setting nor a size of the space (with the nearest name).
    """
    check_fields("setting", changes, space.shape)
    return completed(space, replace(setting, **changes))  # type: ignore[arg-type]  # checked by the setting itself


def described(space: Space, setting: Setting) -> str:
    """Short text of a setting: the values that differ from the space's defaults, and the most important others."""
    return setting.describe(completed(space, Setting(input=space.inputs[0])).flat())
