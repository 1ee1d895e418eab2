"""Spaces whose networks are made by functions of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from harness.spaces.space import Architecture, Space


@runtime_checkable
class UserCodeSpace(Space, Protocol):
    """A space whose networks are made by functions of the user's own, which may change between two runs.

    Its scores are kept under the fingerprint of the function, and its sizes are measured on the networks.
    """

    @property
    def code(self) -> Mapping[str, Callable[[], Any]]:
        """The function that makes the network of each architecture, by the architecture's text."""
        ...

    def fingerprint(self, architecture: Architecture) -> str:
        """Hash of the function that makes an architecture's network, as it is now: the same in every process."""
        ...
