"""Spaces that can be gone through: all architectures, in a given order, or a random sample."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from harness.errors import SpaceError
from harness.setting import derived_seed
from harness.spaces.space import Architecture, ListedSpace, Space

A = TypeVar("A")
V = TypeVar("V")


def all_architectures(space: Space) -> Sequence[Architecture]:
    """Every architecture of a space that can be listed.

    Raises:
        SpaceError: where the space cannot be listed.
    """
    if not hasattr(type(space), "__iter__"):
        more = "more than " if len(space) == sys.maxsize else ""  # no length is larger
        raise SpaceError(
            f"the space {space.name} has {more}{len(space):.2e} architectures, too many to list: sample some"
        )
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


def changed_once(values: tuple[V, ...], options: Sequence[V]) -> list[tuple[V, ...]]:
    """The values with one of them changed to another option, place by place."""
    return [
        (*values[:place], new, *values[place + 1 :])
        for place, old in enumerate(values)
        for new in options
        if new != old
    ]


def drawn_sample(space: Space, draw: Callable[[random.Random], A], count: int, seed: int) -> list[A]:
    """`count` different architectures of a space that is too large to be shuffled; see `Space.sample`.

    Args:
        space: the space.
        draw: draws one architecture; one that was drawn before is left out.
        count: number of architectures.
        seed: seed of the draws.

    Raises:
        SpaceError: for a number that the space does not have.
    """
    if not 1 <= count <= len(space):
        raise SpaceError(
            f"cannot sample {count:,} architectures: the space has {len(space):,} (allowed: 1 to {len(space):,})"
        )
    generator = random.Random(derived_seed(seed, "sample", space.name))
    drawn: dict[A, None] = {}
    while len(drawn) < count:
        drawn[draw(generator)] = None
    return list(drawn)


def listed_sample(space: Space, everything: Sequence[A], count: int, seed: int) -> list[A]:
    """`count` different architectures of a listed space in random order; see `Space.sample`."""
    if not 1 <= count <= len(everything):
        raise SpaceError(
            f"cannot sample {count:,} architectures: the space has {len(everything):,} "
            f"(allowed: 1 to {len(everything):,})"
        )
    shuffled = list(everything)
    random.Random(derived_seed(seed, "sample", space.name)).shuffle(shuffled)
    return shuffled[:count]
