"""Shards: a request for scores in parts of equal cost, which machines that know nothing of each other can compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from harness.errors import SettingError
from harness.scoring.row_keys import RowKeys
from harness.spaces.user_code import UserCodeSpace
from harness.text.shown import shown

if TYPE_CHECKING:
    import pandas as pd

    from harness.spaces.space import Architecture, Space

T = TypeVar("T")
MOST_SHARDS = 1_000_000
"""Largest number of shards: more than any scheduler starts tasks."""


class Shard(NamedTuple):
    """One part of a request.

    Attributes:
        number: of the part, from 1.
        parts: how many there are.
    """

    number: int
    parts: int

    def __str__(self) -> str:
        return f"{self.number}/{self.parts}"


def checked_shard(given: object) -> Shard:
    """The shard that a pair of numbers, or a text such as `3/16`, names.

    Raises:
        SettingError: for anything else, or a number that is not one of the parts.

    >>> checked_shard("3/16"), checked_shard((1, 2))
    (Shard(number=3, parts=16), Shard(number=1, parts=2))
    """
    parts: Any = given
    if isinstance(given, str):
        words = [word.strip() for word in given.split("/")]
        if all(word.isdecimal() and word.isascii() and len(word) < 20 for word in words):
            parts = tuple(map(int, words))
    numbers = isinstance(parts, tuple) and len(parts) == 2 and all(type(part) is int for part in parts)
    if not numbers or not 1 <= parts[0] <= parts[1] <= MOST_SHARDS:
        raise SettingError(
            f"a shard is its number, from 1, and the number of all shards, such as 3/16, got {shown(given)}"
        )
    return Shard(*parts)


def shard_of(
    space: Space, members: Mapping[str, Architecture], keys: RowKeys, shape: Mapping[str, int], shard: Shard
) -> tuple[dict[str, Architecture], RowKeys]:
    """The architectures of one shard, and the keys of their rows.

    The networks that are scored, each once, are put in the order of their multiply-adds and dealt out, forwards and
    backwards in turn, so that all shards cost about the same; where sizes are measured on the networks, in the order
    asked for. An architecture is in the shard of the network that it shares its scores with. Shards depend on the
    request alone: neither on a store nor on each other.

    Args:
        space: the space of the architectures.
        members: all architectures of the request, by key.
        keys: the keys of their rows.
        shape: sizes of the networks.
        shard: which part.
    """
    mine = set(dealt(_by_cost(space, members, keys, shape), shard))
    scored_as = {key: row for key, row in keys.scored_as.items() if row in mine}
    own = keys.own if keys.by_user_code else list(members)
    of_key = dict(zip(members, own, strict=True))
    taken = RowKeys(scored_as, [of_key[key] for key in scored_as], keys.texts, keys.by_user_code)
    return {key: members[key] for key in scored_as}, taken


def only(frame: pd.DataFrame, members: Mapping[str, Architecture]) -> pd.DataFrame:
    """The rows of some architectures, in their order; `attrs` are kept."""
    kept = frame[frame["architecture"].isin(list(members))].reset_index(drop=True)
    kept.attrs = dict(frame.attrs)
    return kept


def _by_cost(
    space: Space, members: Mapping[str, Architecture], keys: RowKeys, shape: Mapping[str, int]
) -> Sequence[str]:
    """The keys of the rows, dearest first; ties, in the order of their texts."""
    if isinstance(space, UserCodeSpace):
        return keys.shared
    costs = {row: space.sizes(space.parse(keys.texts[row]), shape).macs for row in keys.shared}
    return sorted(costs, key=lambda row: (-costs[row], row))


def dealt(items: Sequence[T], shard: Shard) -> list[T]:
    """What one shard gets when things are dealt out forwards and backwards in turn.

    >>> [dealt("abcdefg", Shard(player, 3)) for player in (1, 2, 3)]
    [['a', 'f', 'g'], ['b', 'e'], ['c', 'd']]
    """
    found = []
    for start in range(0, len(items), shard.parts):
        backwards = start // shard.parts % 2
        place = start + (shard.parts - shard.number if backwards else shard.number - 1)
        if place < len(items):
            found.append(items[place])
    return found
