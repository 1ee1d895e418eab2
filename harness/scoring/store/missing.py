"""What a run's scores lack: all that is wanted, less what is found as a store is read once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from harness.scoring.scorer import DIED, OK, OUT_OF_MEMORY, STATUSES

if TYPE_CHECKING:
    from harness.proxies.registry import Proxy

MissingKeys = dict[tuple["Proxy", ...], list[str]]
"""Keys of rows by the proxies whose scores they lack."""


def computed_again(retry_failed: bool) -> tuple[str, ...]:
    """The statuses of scores that a run computes again, with `retry_failed` all but `ok`."""
    return tuple(status for status in STATUSES if status != OK) if retry_failed else (DIED, OUT_OF_MEMORY)


class Missing:
    """Scores that are wanted and not yet found. Keys that lack the same scores share what says so.

    Args:
        wanted: keys of the rows for each proxy; proxies with the same keys share one list.
    """

    def __init__(self, wanted: Mapping[Proxy, Sequence[str]]) -> None:
        self._proxies = {proxy.name: proxy for proxy in wanted}
        self._sets: dict[frozenset[str], frozenset[str]] = {}
        self._lacking: dict[str, frozenset[str]] = {}
        alike: dict[int, tuple[Sequence[str], list[str]]] = {}
        for proxy, keys in wanted.items():
            alike.setdefault(id(keys), (keys, []))[1].append(proxy.name)
        for keys, names in alike.values():
            these = self._shared(frozenset(names))
            for key in keys:
                before = self._lacking.get(key)
                self._lacking[key] = these if before is None else self._shared(before | these)

    def _shared(self, names: frozenset[str]) -> frozenset[str]:
        return self._sets.setdefault(names, names)

    def take_off(self, found: Iterable[tuple[str, str]]) -> None:
        """Take off scores that are there.

        Args:
            found: key and proxy of each; those of one key one after the other.
        """
        for key, rows in itertools.groupby(found, key=itemgetter(0)):
            lacking = self._lacking.get(key)
            if lacking is None:
                continue
            left = lacking.difference(map(itemgetter(1), rows))
            if left:
                self._lacking[key] = self._shared(left)
            else:
                del self._lacking[key]

    def groups(self) -> MissingKeys:
        """What is left, by the proxies in the order in which they are wanted."""
        groups: dict[frozenset[str], list[str]] = {}
        for key, names in self._lacking.items():
            groups.setdefault(names, []).append(key)
        in_order = (tuple(self._proxies[name] for name in self._proxies if name in names) for names in groups)
        return dict(zip(in_order, groups.values(), strict=True))
