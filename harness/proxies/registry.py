"""The registry of proxies: a proxy is a function whose parameters' names say which measurements it reads."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import ProxyError, unknown
from harness.measurements import MEASUREMENTS, SIZES
from harness.proxies.fingerprint import fingerprint
from harness.text.shown import shown

ProxyFunction = Callable[..., Any]
ALL = "all"


@dataclass(frozen=True)
class Proxy:
    """A registered proxy.

    Attributes:
        name: the function's name.
        function: maps measurements to one number; higher is better.
        source: a key of the bibliography, or free text.
        version: rises when the definition changes; for a user's own function it also holds a fingerprint of its code
            and of all that the code refers to, at the moment when `resolve` gave the proxy.
        needs: names of the measurements that the function reads.
    """

    name: str
    function: ProxyFunction
    source: str
    version: str
    needs: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def exhaustive(self) -> bool:
        """Whether the number of its passes grows with samples or outputs: `all` leaves it out."""
        return any(MEASUREMENTS[need].exhaustive for need in self.needs)

    @property
    def reads_size(self) -> bool:
        """Whether it reads parameters or MACs, so that equivalent architectures may differ in it."""
        return not SIZES.isdisjoint(self.needs)

    @property
    def only_size(self) -> bool:
        """Whether it depends on parameters and MACs alone, without weights or a batch."""
        return bool(self.needs) and SIZES.issuperset(self.needs)


_REGISTRY: dict[str, Proxy] = {}


def proxy(*, source: str, version: int = 1) -> Callable[[ProxyFunction], ProxyFunction]:
    """Register a function as a proxy under its own name.

    Args:
        source: the paper of the definition, a key of the bibliography or free text.
        version: version of the definition, to be raised when it changes; scores of different versions are kept apart.

    Returns:
        A decorator that returns the function unchanged. The function's parameters, except those with a default, must be
        names of measurements. It returns one number, and higher means better; where lower is better, return the
        negative. Registering a user's own name again replaces the function, so that a notebook's cell may run twice.

    Raises:
        ProxyError: for a parameter that is not a measurement (with the nearest name), or the name of a built-in proxy.

    >>> @proxy(source="me")
    ... def largest_gradient(loss_gradient):
    ...     '''Largest entry of the loss gradient.'''
    ...     return max(gradient.abs().max() for gradient in loss_gradient.values())
    """

    def register(function: ProxyFunction) -> ProxyFunction:
        entry = make_proxy(function, source=source, version=version)
        if not _is_builtin(function):
            load_builtin()
            taken = _REGISTRY.get(entry.name)
            if taken is not None and _is_builtin(taken.function):
                raise ProxyError(f"{entry.name!r} is a built-in proxy: give the function another name")
        _REGISTRY[entry.name] = entry
        return function

    return register


@contextmanager
def registered(function: ProxyFunction, *, source: str, version: int = 1) -> Iterator[Proxy]:
    """Register a function as a proxy inside a `with` statement only; afterwards an earlier one of its name is back.

    Args:
        function: a function whose parameters are names of measurements, as for the decorator `proxy`.
        source: the paper of the definition, a key of the bibliography or free text.
        version: version of the definition.

    Raises:
        ProxyError: for a parameter that is not a measurement (with the nearest name), or the name of a built-in proxy.
    """
    load_builtin()
    before = _REGISTRY.get(getattr(function, "__name__", ""))
    proxy(source=source, version=version)(function)
    name = function.__name__
    try:
        yield with_fingerprint(_REGISTRY[name])
    finally:
        if before is None:
            _REGISTRY.pop(name, None)
        else:
            _REGISTRY[name] = before


def make_proxy(function: ProxyFunction, *, source: str, version: int = 1) -> Proxy:
    """The `Proxy` of a function, without registering it and without a fingerprint."""
    name = getattr(function, "__name__", "")
    if not name.isidentifier():
        raise ProxyError(f"a proxy is a named function, got {function!r}")
    parameters = inspect.signature(function).parameters.values()
    needs = tuple(parameter.name for parameter in parameters if parameter.default is parameter.empty)
    if name == ALL:
        raise ProxyError(f"{ALL!r} stands for all proxies: give the function another name")
    if not needs:
        raise ProxyError(f"proxy {name!r} reads nothing: its parameters name measurements, {', '.join(MEASUREMENTS)}")
    for need in needs:
        if need not in MEASUREMENTS:
            raise ProxyError(f"proxy {name!r}: {unknown('measurement', need, MEASUREMENTS)}")
    return Proxy(name, function, source, str(version), needs)


def with_fingerprint(entry: Proxy) -> Proxy:
    """The proxy with the version that its function has now; it is unchanged for a built-in one.

    Raises:
        ProxyError: if the function depends on an object whose content cannot be read.
    """
    if _is_builtin(entry.function):
        return entry
    measured = ",".join(f"{need} {MEASUREMENTS[need].version}" for need in entry.needs)
    stated = entry.version.partition("+")[0]
    return replace(entry, version=f"{stated}+{fingerprint(entry.function, measured)}")


def resolve(names: str | Proxy | Iterable[str | Proxy]) -> list[Proxy]:
    """Proxies by name, in the order given, with the versions that their functions have now.

    Raises:
        ProxyError: for an unknown name (with the nearest name), an empty list, or a function of one's own that depends
            on an object whose content cannot be read.
    """
    return [with_fingerprint(entry) for entry in find(names)]


def find(names: str | Proxy | Iterable[str | Proxy]) -> list[Proxy]:
    """Proxies by name, in the order given, without fingerprints; `all` means all but the exhaustive ones.

    A `Proxy` stands for itself.

    Raises:
        ProxyError: for an unknown name (with the nearest name), what is neither a name nor a proxy, or an empty list.
    """
    load_builtin()
    if not isinstance(names, (str, Proxy, Iterable)):
        raise ProxyError(f"proxies must be names, or what list_proxies() returns; got {shown(names)}")
    found: dict[str, Proxy] = {}
    for name in [names] if isinstance(names, (str, Proxy)) else names:
        if isinstance(name, Proxy):
            found[name.name] = name
        elif not isinstance(name, str):
            raise ProxyError(f"proxies must be names, or what list_proxies() returns; got {shown(name)}")
        elif name == ALL:
            found.update((entry.name, entry) for entry in _REGISTRY.values() if not entry.exhaustive)
        elif name in _REGISTRY:
            found[name] = _REGISTRY[name]
        else:
            raise ProxyError(unknown("proxy", name, [*_REGISTRY, ALL]))
    if not found:
        raise ProxyError(f"no proxy given. Known: {', '.join(sorted(_REGISTRY))}, or all")
    return list(found.values())


def list_proxies() -> list[Proxy]:
    """All registered proxies, built-in ones first; one that cannot be scored in a run has no fingerprint."""
    load_builtin()
    return [_with_any_fingerprint(entry) for entry in _REGISTRY.values()]


def _with_any_fingerprint(entry: Proxy) -> Proxy:
    try:
        return with_fingerprint(entry)
    except ProxyError:
        return entry


def load_builtin() -> None:
    """Import every module of this package, which registers its proxies."""
    for module in pkgutil.iter_modules(_package_path()):
        importlib.import_module(f"harness.proxies.{module.name}")


def _is_builtin(function: ProxyFunction) -> bool:
    return str(getattr(function, "__module__", "")).startswith("harness.proxies.")


def _package_path() -> list[str]:
    return list(importlib.import_module("harness.proxies").__path__)
