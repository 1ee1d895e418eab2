"""The part of a space that is scored: cells in a random order, up to the first one that lacks a score."""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import cache

from harness.spaces import open_space

ORDER_SEED = 0
"""Seed of the order, which is that of `space.sample(len(space), seed)`, as studies draw their cells."""


@cache
def random_order(space: str) -> tuple[str, ...]:
    """Keys of all architectures of a space in random order, the first N of which are `space.sample(N, 0)`."""
    opened = open_space(space)
    return tuple(opened.key(architecture) for architecture in opened.sample(len(opened), ORDER_SEED))


def random_part(order: Sequence[str], finished: Set[str]) -> tuple[str, ...]:
    """The longest beginning of an order that is finished: a random sample without replacement, or all of it.

    A network that is scored gives its row to all cells that are the same network. All cells with a row are therefore
    no random sample: one that many cells share is more likely to be among them. The beginning of the order is one.
    """
    for place, key in enumerate(order):
        if key not in finished:
            return tuple(order[:place])
    return tuple(order)


def said_part(cells: int, of: int) -> str:
    """How many cells there are, in words.

    >>> said_part(412, 15625)
    '412 of 15,625 cells, a random sample without replacement'
    """
    return f"all {of:,} cells" if cells == of else f"{cells:,} of {of:,} cells, a random sample without replacement"
