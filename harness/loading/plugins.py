"""Plug-ins: what other installed distributions bring under an entry point group of nasinit.

`benchmarks/plugins.py` and `harness/loading/plugins.py` are the same text: neither package may import the other.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

Value = TypeVar("Value")


class PluginNotice(UserWarning):
    """A notice about a plug-in that is left out, which is not an error."""


class PluginError(Exception):
    """A plug-in that cannot be used; the message names it, its distribution and the reason."""


class Plugins(Generic[Value]):
    """The plug-ins of one group, each loaded when it is asked for, once in a process.

    One that is broken, or whose name is taken, is left out: a `PluginNotice` names it once, and no command fails by it.

    Args:
        group: name of the entry point group.
        kind: what a plug-in of the group is, for messages, such as "proxy".
        taken: whether nasinit has something of that name itself.
        load: gives the value of an entry point; it may raise anything, and `PluginError` for a value of another kind.
    """

    def __init__(
        self, group: str, kind: str, taken: Callable[[str], bool], load: Callable[[EntryPoint], Value]
    ) -> None:
        self._group = group
        self._kind = kind
        self._taken = taken
        self._load = load
        self._loaded: dict[str, Value] = {}
        self._reasons: dict[str, str] = {}
        self._loading: set[str] = set()
        self._named: set[str] = set()

    def points(self) -> dict[str, EntryPoint]:
        """Entry points by name, none of them loaded; names that are taken, by nasinit or another one, are left out."""
        return dict(self._sound(lambda point, reason: None))

    def __contains__(self, name: object) -> bool:
        return name in self._loaded or name in self.points()

    def value(self, name: str) -> Value:
        """The value of the plug-in of that name.

        Raises:
            PluginError: if it cannot be loaded. It is not tried again in this process.
        """
        if name in self._loaded:
            return self._loaded[name]
        point = self.points()[name]
        if name in self._loading:
            raise PluginError(f"{self._described(point)} cannot be loaded: it needs itself")
        if name not in self._reasons:
            self._loading.add(name)
            try:
                self._loaded[name] = self._load(point)
                return self._loaded[name]
            except PluginError as error:
                self._reasons[name] = str(error)
            except (Exception, SystemExit) as error:  # code of another distribution may raise anything
                self._reasons[name] = " ".join(f"{type(error).__name__}: {error}".split())
            finally:
                self._loading.remove(name)
        raise PluginError(f"{self._described(point)} cannot be loaded: {self._reasons[name]}")

    def values(self) -> dict[str, Value]:
        """All plug-ins that can be used, by name; each of the others is named once."""
        found = {}
        for name, point in self._sound(self._notice):
            if name not in self._loading:
                try:
                    found[name] = self.value(name)
                except PluginError:
                    self._notice(point, self._reasons[name])
        return found

    def _sound(self, leave_out: Callable[[EntryPoint, str], object]) -> Iterator[tuple[str, EntryPoint]]:
        """Entry points whose name is free, with their names; `leave_out` is told of the others, and why."""
        first: dict[str, EntryPoint] = {}
        for point in entry_points(group=self._group):
            if self._taken(point.name):
                leave_out(point, "nasinit has one of that name")
            elif point.name in first:
                leave_out(point, f"{_distribution(first[point.name])} brings one of that name")
            else:
                first[point.name] = point
                yield point.name, point

    def _notice(self, point: EntryPoint, reason: str) -> None:
        text = f"{self._described(point)} is left out: {reason}"
        if text not in self._named:
            self._named.add(text)
            warnings.warn(text, PluginNotice, stacklevel=2)

    def _described(self, point: EntryPoint) -> str:
        return f"the {self._kind} {point.name!r} ({point.value} of {_distribution(point)})"


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an installed distribution"
