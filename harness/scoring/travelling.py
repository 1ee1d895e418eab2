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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, NamedTuple

import cloudpickle

from harness.errors import ProxyError, RunError, SpaceError
from harness.proxies.fingerprint import definition
from harness.proxies.names import Names
from harness.proxies.ownership import is_own, own_modules
from harness.proxies.registry import Proxy, with_fingerprint
from harness.spaces.user_code import UserCodeSpace

_ONE_AT_A_TIME = threading.Lock()
_TOKEN = uuid.uuid4().hex
_MAKERS = ("_make_skeleton_class", "_make_skeleton_enum")


class Packed(NamedTuple):
    """A space and proxies as bytes.

    Attributes:
        space: the space, where what can be imported is named; empty where that is not possible.
        by_name: the list of proxies, where what can be imported is named; empty where that is not possible.
        by_value: the same with all code of the user's own; empty where no proxy is the user's own, or such code holds
            what cannot be sent.
        own_space: the space with all code of the user's own; empty where the user's functions make no networks, or such
            code holds what cannot be sent.
    """

    space: bytes
    by_name: bytes
    by_value: bytes
    own_space: bytes = b""


def packed(space: object, proxies: Sequence[Proxy]) -> Packed:
    """A space and proxies for a worker, as they are now.

    Raises:
        ProxyError: if one of the proxies refers to something that cannot be sent to a process.
        SpaceError: if one of the user's functions that make networks refers to such a thing.
    """
    of_user = [entry for entry in proxies if "+" in entry.version]
    own = [entry.function for entry in of_user]
    own += [each.function for entry in of_user for each in entry.measurements]
    run = uuid.uuid4().hex
    by_value = _by_value(list(proxies), own, run) if own else b""
    where, own_space = _packed_space(space, run)
    try:
        return Packed(where, _dumped(list(proxies), run), by_value, own_space)
    except Exception as error:  # a function of the user's may refer to anything
        if by_value:
            return Packed(where, b"", by_value, own_space)
        names = ", ".join(entry.name for entry in proxies)
        raise ProxyError(
            f"one of the proxies {names} refers to something that cannot be sent to a worker process "
            f"({error}): make it inside the function"
        ) from error


def _packed_space(space: object, run: str) -> tuple[bytes, bytes]:
    """A space by name and, where functions of the user's own make its networks, by value."""
    if not isinstance(space, UserCodeSpace):
        return _dumped(space, run), b""
    by_value = _by_value(space, list(space.code.values()), run)
    try:
        return _dumped(space, run), by_value
    except Exception as error:  # as above
        if by_value:
            return b"", by_value
        raise SpaceError(
            f"one of the functions of {space.name} refers to something that cannot be sent to a worker process "
            f"({error}): make it inside the function"
        ) from error


def unpacked_space(by_name: bytes, by_value: bytes, text: str, fingerprint: str) -> Any:
    """The space that `packed` gave, in which the network of one architecture is made by the code of a fingerprint.

    Args:
        by_name: the space, where what can be imported is named.
        by_value: the space with all code of the user's own.
        text: text of the architecture.
        fingerprint: fingerprint of the function that makes its network; empty for a space without such functions.

    Raises:
        RunError: if the code that this process would run is another one.
    """
    if not fingerprint:
        return cloudpickle.loads(by_name)
    with suppress(Exception):  # a module that is not there, or fails now
        space = cloudpickle.loads(by_name)
        if space.fingerprint(space.parse(text)) == fingerprint:
            return space
    if not by_value:
        raise _other_code(text)
    return _loaded(by_value)


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
        raise _other_code(", ".join(other))
    entries = _loaded(by_value)
    return entries


def _loaded(by_value: bytes) -> Any:
    """What `_by_value` has pickled, with the modules that its functions import."""
    driver, modules, sent = cloudpickle.loads(by_value)
    if driver != _this_process():
        _import_as(modules)
    return sent


def _other_code(names: str) -> RunError:
    return RunError(
        f"a worker process would run other code of {names} than this one: a module of yours was changed "
        "after it was imported. Load it again (importlib.reload), or start anew"
    )


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


def _by_value(sent: object, own: Sequence[Callable[..., Any]], run: str) -> bytes:
    """Something with all code of the user's own functions; empty where such code holds what cannot be sent."""
    definitions = [definition(function) for function in own]
    modules = {name: module for found in definitions for name, module in found.imported.items()}
    try:
        with _own_modules_by_value():
            return _dumped((_this_process(), modules, sent), run, [found.names for found in definitions])
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
