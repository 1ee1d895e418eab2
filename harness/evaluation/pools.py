"""Pools: the parts of NAS-Bench-201 that papers report rank correlations on, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

from harness.errors import ScoresError, unknown
from harness.evaluation.columns import SPACE
from harness.evaluation.official_index import architectures_in_order
from harness.spaces import open_space
from harness.spaces.listed import all_architectures

if TYPE_CHECKING:
    from harness.spaces.nasbench201.cell import Cell

FIRST = 1000


class Pool(NamedTuple):
    """A part of the space.

    Attributes:
        words: what it is, in a few words.
        keys: makes the keys of its cells.
    """

    words: str
    keys: Callable[[], frozenset[str]]


def _all() -> frozenset[str]:
    return frozenset(map(str, all_architectures(open_space(SPACE))))


def _distinct() -> frozenset[str]:
    space = open_space(SPACE)
    return frozenset(key for key in _all() if str(space.canonical(space.parse(key))) == key)


def _valid() -> frozenset[str]:
    from harness.spaces.nasbench201.dead_branches import has_dead_branch

    space = open_space(SPACE)
    return frozenset(key for key in _all() if not has_dead_branch(cast("Cell", space.parse(key)).operations))


def _first() -> frozenset[str]:
    return frozenset(map(str, architectures_in_order(open_space(SPACE), FIRST)))


POOLS: Mapping[str, Pool] = {
    "all": Pool("all 15,625 cells", _all),
    "valid": Pool("the 9,445 cells without dead branches", _valid),
    "distinct": Pool("the 6,466 cells that are no isomorphic copies", _distinct),
    "first-1000": Pool("the first 1,000 cells in the official order", _first),
}
"""The pools by name. Papers state theirs seldom, and a coefficient of one pool is not that of another."""


def keys_in(name: str, space: str) -> frozenset[str]:
    """Keys of the cells of a pool; errors as of `pool_keys`, and ScoresError for another space than the pools'."""
    keys = pool_keys(name)
    if space != SPACE:
        raise ScoresError(f"the pool {name} is a part of {SPACE}; these scores are of {space}")
    return keys


@cache
def pool_keys(name: str) -> frozenset[str]:
    """Keys of the cells of a pool.

    Raises:
        ScoresError: an unknown pool, with the nearest name.
        TableError: the table that knows the official order is not here, for `first-1000`.
    """
    if name not in POOLS:
        raise ScoresError(unknown("pool", name, POOLS))
    return POOLS[name].keys()
