"""The keys under which the rows of architectures stand in a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from harness.errors import SpaceError
from harness.spaces.space import Architecture, Space
from harness.spaces.user_code import UserCodeSpace

_MARK = "+"


class RowKeys(NamedTuple):
    """The keys under which the rows of architectures stand in a store.

    A model of the user's own has its function's fingerprint in its key, so that no edited model is answered from rows
    of its former code.

    Attributes:
        scored_as: key of each architecture to the key of its rows.
        own: keys of the rows of proxies that read a size.
        texts: text of the architecture that is scored, by the key of its rows.
        by_user_code: whether the networks are made by functions of the user's own.
    """

    scored_as: dict[str, str]
    own: list[str]
    texts: dict[str, str]
    by_user_code: bool

    @property
    def shared(self) -> list[str]:
        """Keys of the rows of proxies that read no size, each once."""
        return list(dict.fromkeys(self.scored_as.values()))


def parsed(space: Space, architectures: Iterable[Architecture | str]) -> dict[str, Architecture]:
    """Architectures by key, without repetitions, in the given order.

    Raises:
        SpaceError: a text that is no architecture of the space, or no architecture at all.
    """
    given = [architectures] if isinstance(architectures, str) else architectures
    cells = (space.parse(str(item)) for item in given)
    members = {str(cell): cell for cell in cells}
    if not members:
        raise SpaceError("no architectures given: nothing to score")
    return members


def row_keys(space: Space, members: Mapping[str, Architecture], merge_equal: bool) -> RowKeys:
    """The keys of the rows of some architectures.

    Args:
        space: the space of the architectures.
        members: architectures by key.
        merge_equal: whether architectures that are the same network share their rows.

    Raises:
        SpaceError: if a user's function depends on an object whose content cannot be read.
    """
    if isinstance(space, UserCodeSpace):
        marked = {key: marked_key(key, space.fingerprint(member)) for key, member in members.items()}
        return RowKeys(marked, list(marked.values()), {row: key for key, row in marked.items()}, True)
    scored_as = {key: str(space.minimal(member)) if merge_equal else key for key, member in members.items()}
    return RowKeys(scored_as, list(members), {row: row for row in (*members, *scored_as.values())}, False)


def marked_key(text: str, fingerprint: str) -> str:
    """Key of the rows of an architecture whose network is made by a function with that fingerprint; empty for none.

    >>> marked_key("resnet18", "0a1b2c3d"), marked_key("8:16:24:32:64", "")
    ('resnet18+0a1b2c3d', '8:16:24:32:64')
    """
    return f"{text}{_MARK}{fingerprint}" if fingerprint else text
