"""Public names of a package that are loaded on first use (PEP 562).

`benchmarks`, which cannot import this package, and is to be importable where nothing is installed, does so itself.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping


def loaded_on_use(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package, to be hidden from type checkers, who read its imports instead.

    Args:
        package: its `__name__`.
        homes: by public name, the module that has it.
    """

    def load(name: str) -> object:
        """Load a public name on first use."""
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        """Names that are there already and those that would be loaded."""
        return sorted({*vars(sys.modules[package]), *homes})

    return load, names
