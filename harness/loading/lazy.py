"""Public names of a package that are loaded on first use (PEP 562).

`benchmarks` has its own version, since it cannot import this package and must be importable without dependencies.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping


def loaded_on_use(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package; hide them from type checkers, which read its imports instead.

    Args:
        package: the package's `__name__`.
        homes: the module of each public name.
    """

    def load(name: str) -> object:
        """Load a public name on first use."""
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        """Names that are loaded already, and names that can be loaded."""
        return sorted({*vars(sys.modules[package]), *homes})

    return load, names
