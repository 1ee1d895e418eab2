"""Functions and classes of installed packages that the user has replaced by own ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from harness.proxies.names import Names
from harness.proxies.ownership import is_own


def replaced_in(value: object, names: Names, seen: set[str]) -> Iterator[str]:
    """Places where own code stands in an installed module, in what the code mentions of it, or in an installed class.

    Args:
        value: the module or class; anything else has none.
        names: the names that code mentions; nothing else of a module is looked at.
        seen: names of modules and classes that were looked at before; those that are looked at now are added.
    """
    if isinstance(value, ModuleType):
        yield from _replaced_in_module(value, names, seen)
    elif isinstance(value, type):
        yield from _replaced_in_class(value, seen)


def _replaced_in_module(module: ModuleType, names: Names, seen: set[str]) -> Iterator[str]:
    if module.__name__ in seen:
        return
    seen.add(module.__name__)
    space = vars(module)
    for name in names.among(space):
        item = space[name]
        if isinstance(item, ModuleType):
            if not is_own(item.__name__):
                yield from _replaced_in_module(item, names, seen)
        elif _is_replaced(item):
            yield f"{module.__name__}.{name}"
        elif isinstance(item, type):
            yield from _replaced_in_class(item, seen)


def _replaced_in_class(kind: type, seen: set[str]) -> Iterator[str]:
    for base in kind.__mro__:
        place = f"{base.__module__}:{base.__qualname__}"
        if place in seen:
            continue
        seen.add(place)
        if isinstance(base.__module__, str) and not is_own(base.__module__):
            for name, item in vars(base).items():
                if any(map(_is_replaced, _functions(item))):
                    yield f"{base.__module__}.{base.__qualname__}.{name}"


def _functions(item: object) -> tuple[object, ...]:
    """What is called where something stands in a class."""
    if isinstance(item, (staticmethod, classmethod)):
        return (item.__func__,)
    return (item.fget, item.fset, item.fdel) if isinstance(item, property) else (item,)


def _is_replaced(item: Any) -> bool:
    """Whether something that stands in an installed module or class is a function or class of a user's own module."""
    if isinstance(item, FunctionType):
        return _is_of_users(item.__globals__.get("__name__"))  # `__module__` is copied by functools.wraps
    return isinstance(item, type) and _is_of_users(item.__module__)


def _is_of_users(module: object) -> bool:
    """Whether a module is loaded and own; code that packages make, such as of named tuples, has none that is loaded."""
    return isinstance(module, str) and module in sys.modules and is_own(module)
