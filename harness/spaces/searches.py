"""What a space states for searches: the settings of searches by gradients, and its architectures as choices."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class SearchPreset(NamedTuple):
    """The setting of one gradient-based search in a space, as fields of `harness.search.SearchSetting` by name.

    Attributes:
        paper: values of the publication that differ from those that the space's searches share.
        laptop: further changes for a search that ends in minutes on two cores, in place of the shared ones.
        note: values of `paper` that are not published, or not for this space; empty where all are.
        reduced: further changes for a search between the two, in addition to the shared ones; None for no such preset.
    """

    paper: Mapping[str, Any] = {}
    laptop: Mapping[str, Any] = {}
    note: str = ""
    reduced: Mapping[str, Any] | None = None


DAAS_NOTE = "the paper's settings were not seen: its policies, their estimator and all values are our reading"
DAAS_LAPTOP: Mapping[str, Any] = {
    "policy_operations": (
        "shear_x", "translate_x", "rotate", "invert", "contrast", "color", "sharpness", "cutout",
    ),
    "policy_lr": 0.02,
}  # fmt: skip
"""28 pairs of operations, since a laptop's search draws few."""


@dataclass(frozen=True)
class SearchPresets:
    """The settings of gradient-based searches in a space, which it has as its attribute `searches`.

    Attributes:
        space: name of the space whose settings these are; a space of another name that inherits them has none.
        paper: values that published searches of the space share, by field of `harness.search.SearchSetting`.
        laptop: changes to them, for a search that ends in minutes on two cores.
        by_method: settings by the name of the search.
        reduced: changes to `paper`, for a search of a quarter of an hour of one core or more.
        reduced_note: how these changes, and the further ones of each search, were chosen.
        data: data of the published searches.
    """

    space: str
    paper: Mapping[str, Any] = field(default_factory=dict)
    laptop: Mapping[str, Any] = field(default_factory=dict)
    by_method: Mapping[str, SearchPreset] = field(default_factory=dict)
    reduced: Mapping[str, Any] = field(default_factory=dict)
    reduced_note: str = ""
    data: str = "cifar10"


@dataclass(frozen=True)
class IndexedSpace:
    """All cells with given nodes and edges, and operations to choose from on each edge, as a rule the same ones.

    A listed space has it as its attribute `choices`, for searches that query tables; the space lists its architectures
    with the first edge varying slowest. Where an architecture is no cell, each of its choices is a node with one edge.

    Attributes:
        operations: number of operations to choose from on an edge, O; the largest where they differ.
        edges_of_node: number of edges that end in each node, in the order of the encoding; E in all.
        official_order: whether the space lists its architectures in the order of the benchmark's official indices.
        options: number of operations to choose from on each edge, where it is not O on all.
        classes: number of edges of each class of choices that AGNN draws together, in the order of the encoding; by
            default those that end in a node are a class.
        empty: places of edges, and an operation with which all of these edges together are no architecture; None where
            every cell is one.
    """

    operations: int
    edges_of_node: tuple[int, ...]
    official_order: bool = False
    options: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()
    empty: tuple[tuple[int, ...], int] | None = None

    def __post_init__(self) -> None:
        if not self.options:
            object.__setattr__(self, "options", (self.operations,) * self.edges)
        if not self.classes:
            object.__setattr__(self, "classes", self.edges_of_node)

    @property
    def edges(self) -> int:
        """Number of edges of a cell, E."""
        return sum(self.edges_of_node)

    @property
    def is_even(self) -> bool:
        """Whether there are as many operations to choose from on every edge."""
        return set(self.options) == {self.operations}

    def __len__(self) -> int:
        return math.prod(self.options)


@dataclass(frozen=True)
class EncodedSpace:
    """The encodings of a space's architectures as choices, where an architecture has several.

    A listed space has it as its attribute `encoded`, for searches that query tables: they draw and change encodings.

    Attributes:
        choices: the encodings, as cells.
        keys: function that gives the key of the architecture of each encoding, in the order of `choices`; an empty text
            for an encoding that is no architecture.
    """

    choices: IndexedSpace
    keys: Callable[[], Sequence[str]]


@dataclass(frozen=True)
class SequenceSpace:
    """The architectures of a space that cannot be listed as sequences of choices.

    Such a space has it as its attribute `sequences`, for predictors that are fitted to a table of it.

    Attributes:
        choices: the sequences; every one of them is an architecture.
        tokens: function that gives the choices [E] of an architecture in canonical form; None for one that no sequence
            stands for.
    """

    choices: IndexedSpace
    tokens: Callable[[Any], tuple[int, ...] | None]
