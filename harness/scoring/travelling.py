"""Proxies on their way to a worker: the code that runs there is the code that their versions are of.

Functions of a user's own module are pickled by their names, as all else is that can be imported, so that a class is the
same one for the proxy and for the network. Where the worker finds other code under those names than the driver had (the
file was edited, or a global changed, since it was imported), it takes a second pickle, which holds that code itself.
"""

from __future__ import annotations

import functools
import importlib
import io
import os
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

import cloudpickle

from harness.errors import ProxyError, RunError
from harness.proxies.fingerprint import definition
from harness.proxies.names import Names
from harness.proxies.ownership import is_own, own_modules
from harness.proxies.registry import Proxy, with_fingerprint

_ONE_AT_A_TIME = threading.Lock()
_TOKEN = uuid.uuid4().hex
_MAKERS = ("_make_skeleton_class", "_make_skeleton_enum")


class Packed(NamedTuple):
    """A space and proxies as bytes.

    Attributes:
        space: the space.
        by_name: the list of proxies, where what can be imported is named; empty where that is not possible.
        by_value: the same with all code of the user's own; empty where no proxy is the user's own, or such code holds
            what cannot be sent.
    """

    space: bytes
    by_name: bytes
    by_value: bytes


def packed(space: object, proxies: Sequence[Proxy]) -> Packed:
    """A space and proxies for a worker, as they are now.

    Raises:
        ProxyError: if one of the proxies refers to something that cannot be sent to a process.
    """
    own = [entry for entry in proxies if "+" in entry.version]
    run = uuid.uuid4().hex
    by_value = _by_value(proxies, own, run) if own else b""
    where = _dumped(space, run)
    try:
        return Packed(where, _dumped(list(proxies), run), by_value)
    except Exception as error:  # a function of the user's may refer to anything
        if by_value:
            return Packed(where, b"", by_value)
        names = ", ".join(entry.name for entry in proxies)
        raise ProxyError(
            f"one of the proxies {names} refers to something that cannot be sent to a worker process "
            f"({error}): make it inside the function"
        ) from error


def unpacked(by_name: bytes, by_value: bytes) -> list[Proxy]:
    """The proxies that `packed` gave, with the code that their versions are of.

    Raises:
        RunError: if the code that this process would run is another one.
    """
    try:
        entries: list[Proxy] = cloudpickle.loads(by_name)
        other = [entry.name for entry in entries if with_fingerprint(entry) != entry]
    except Exception:  # a module that is not there, or fails now
        if not by_value:
            raise
        other = ["all"]
    if not other:
        return entries
    if not by_value:
        raise RunError(
            f"a worker process would run other code of {', '.join(other)} than this one: a module of yours was changed "
            "after it was imported. Load it again (importlib.reload), or start anew"
        )
    driver, modules, entries = cloudpickle.loads(by_value)
    if driver != _this_process():
        _import_as(modules)
    return entries


def _this_process() -> str:
    return f"{os.getpid()} {_TOKEN}"


def _import_as(modules: Mapping[str, ModuleType]) -> None:
    """Let functions that import these modules while they run find them."""
    for name, module in modules.items():
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(importlib.import_module(parent), child, module)
        sys.modules[name] = module


def _dumped(value: object, run: str, names: Sequence[Names] | None = None) -> bytes:
    content = io.BytesIO()
    _Pickler(content, run, names).dump(value)
    return content.getvalue()


def _by_value(proxies: Sequence[Proxy], own: Sequence[Proxy], run: str) -> bytes:
    functions = [entry.function for entry in own]
    functions += [each.function for entry in own for each in entry.measurements]
    definitions = [definition(function) for function in functions]
    modules = {name: module for found in definitions for name, module in found.imported.items()}
    try:
        with _own_modules_by_value():
            return _dumped((_this_process(), modules, list(proxies)), run, [found.names for found in definitions])
    except Exception:  # a module may hold anything; mostly the names are enough
        return b""


@contextmanager
def _own_modules_by_value() -> Iterator[None]:
    with _ONE_AT_A_TIME:
        before = cloudpickle.list_registry_pickle_by_value()
        new = [sys.modules[name] for name in own_modules() if name not in before]
        for module in new:
            cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            for module in new:
                cloudpickle.unregister_pickle_by_value(module)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Pickles as `cloudpickle` does, and more: caches, and the user's own modules by the names that code mentions.

    Where `cloudpickle` loads a class in the process that it comes from, it puts the methods that it has loaded, with
    their copies of globals, into the class that is there. With its mark changed the class is another one.

    Args:
        file: to write to.
        run: a text for the marks of classes, the same for all that one run sends.
        names: what code mentions; None to pickle modules by their names.
    """

    def __init__(self, file: io.BytesIO, run: str, names: Sequence[Names] | None) -> None:
        super().__init__(file)
        self._run = run
        self._names = names

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, ModuleType) and self._names is not None and is_own(value.__name__):
            return ModuleType, (value.__name__,), self._mentioned(value, self._names)
        if isinstance(value, functools._lru_cache_wrapper) and self._is_sent(value.__module__):
            return _cached, (value.__wrapped__, value.cache_parameters())
        if isinstance(value, functools.cached_property):
            return functools.cached_property, (value.func,), {"attrname": value.attrname}
        reduced = super().reducer_override(value)
        if isinstance(value, type) and isinstance(reduced, tuple) and reduced[0].__name__ in _MAKERS:
            *arguments, mark, extra = reduced[1]
            return reduced[0], (*arguments, f"{mark} {self._run}", extra), *reduced[2:]
        return reduced

    def _is_sent(self, module: str | None) -> bool:
        return module == "__main__" or (self._names is not None and is_own(module))

    @staticmethod
    def _mentioned(module: ModuleType, known: Sequence[Names]) -> dict[str, Any]:
        everything = any(names.look_up_attributes for names in known)
        return {
            name: value
            for name, value in vars(module).items()
            if name in ("__file__", "__package__", "__path__", "__getattr__")
            or (not name.startswith("__") and (everything or any(name in names for names in known)))
        }


def _cached(function: Any, parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)
