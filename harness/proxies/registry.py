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
from harness.loading.plugins import PluginError, Plugins
from harness.measurements import MEASUREMENTS, OF_THE_ARCHITECTURE, SIZES
from harness.measurements.registry import OwnMeasurement, needs_of, own_among, registered_by
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
        needs: names of the measurements that the function reads; a user's own may also read the network, the batch and
            the setting.
        measurements: the user's own measurements that it is computed from, each after those that it reads itself, as
            they were when `find` gave the proxy.
    """

    name: str
    function: ProxyFunction
    source: str
    version: str
    needs: tuple[str, ...]
    measurements: tuple[OwnMeasurement, ...] = ()

    @property
    def built_in(self) -> bool:
        """Whether it is part of this package."""
        return _is_builtin(self.function)

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def exhaustive(self) -> bool:
        """Whether the number of its passes grows with samples or outputs: `all` leaves it out."""
        many = any(MEASUREMENTS[need].exhaustive for need in self._read if need in MEASUREMENTS)
        return many or any(each.exhaustive for each in self.measurements)

    @property
    def reads_size(self) -> bool:
        """Whether it reads parameters, MACs or the network, so that equivalent architectures may differ in it.

        A graph of the architecture's layers counts as a size.
        """
        return not (OF_THE_ARCHITECTURE | {"network"}).isdisjoint(self._read)

    @property
    def _read(self) -> set[str]:
        """Names of what it reads by itself, or its user's own measurements read."""
        return {*self.needs, *(need for each in self.measurements for need in each.needs)}

    @property
    def only_size(self) -> bool:
        """Whether it depends on parameters and MACs alone, without weights or a batch."""
        return bool(self.needs) and SIZES.issuperset(self.needs)


_REGISTRY: dict[str, Proxy] = {}


def proxy(*bare: object, source: str = "", version: int = 1) -> Callable[[ProxyFunction], ProxyFunction]:
    """Register a function as a proxy under its own name.

    Args:
        *bare: nothing; a function here is a decorator without its brackets.
        source: the paper of the definition, a key of the bibliography or free text.
        version: version of the definition, to be raised when it changes; scores of different versions are kept apart.

    Returns:
        A decorator that returns the function unchanged. The function's parameters, except those with a default, must be
        names of measurements, or `network`, `batch` or `setting`; what it may do with these is as for
        `harness.measurement`. It returns one number, and higher means better; where lower is better, return the
        negative. Registering a user's own name again replaces the function, so that a notebook's cell may run twice.

    Raises:
        ProxyError: without a source; for a parameter that is not a measurement (with the nearest name), or the name of
            a built-in proxy.

    >>> @proxy(source="me")
    ... def largest_gradient(loss_gradient):
    ...     '''Largest entry of the loss gradient.'''
    ...     return max(gradient.abs().max() for gradient in loss_gradient.values())
    """
    if bare or not source:
        raise ProxyError("a proxy states its source: write @harness.proxy(source='me') above the function")

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
        yield with_fingerprint(_bound(_REGISTRY[name]))
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
    if name == ALL:
        raise ProxyError(f"{ALL!r} stands for all proxies: give the function another name")
    return Proxy(name, function, source, str(version), needs_of(function, "proxy", ProxyError))


def with_fingerprint(entry: Proxy) -> Proxy:
    """The proxy with the version that its function has now; it is unchanged for a built-in one.

    Raises:
        ProxyError: if the function depends on an object whose content cannot be read.
    """
    if entry.built_in:
        return entry
    versions = {name: built_in.version for name, built_in in MEASUREMENTS.items()}
    texts = {name: f"{name} {version}" for name, version in versions.items()}
    for own in entry.measurements:
        found = fingerprint(own.function, _texts(own.needs, texts), kind="measurement")
        texts[own.name] = f"{own.name} {own.version}+{found}"
    stated = entry.version.partition("+")[0]
    return replace(entry, version=f"{stated}+{fingerprint(entry.function, _texts(entry.needs, texts))}")


def _texts(needs: Iterable[str], known: dict[str, str]) -> str:
    """What a function reads, with versions; what it is given has none."""
    return ",".join(known.get(need, need) for need in needs)


def _bound(entry: Proxy) -> Proxy:
    """The proxy with the user's own measurements as they are now."""
    return entry if entry.built_in else replace(entry, measurements=own_among(entry.needs, entry.measurements))


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
        raise _no_proxy(names)
    found: dict[str, Proxy] = {}
    for name in [names] if isinstance(names, (str, Proxy)) else names:
        if isinstance(name, Proxy):
            found[name.name] = _bound(name)
        elif not isinstance(name, str):
            raise _no_proxy(name)
        elif name == ALL:
            found.update((entry.name, entry) for entry in _everything() if not entry.exhaustive)
        else:
            found[name] = _bound(_named(name))
    if not found:
        raise ProxyError(f"no proxy given. Known: {', '.join(sorted(_REGISTRY))}, or all")
    return list(found.values())


def list_proxies() -> list[Proxy]:
    """All registered proxies, built-in ones first; one that cannot be scored in a run has no fingerprint."""
    load_builtin()
    return [_with_any_fingerprint(entry) for entry in _everything()]


def _everything() -> list[Proxy]:
    """All registered proxies, and those of plug-ins that can be loaded."""
    for name, entry in _INSTALLED.values().items():
        _REGISTRY.setdefault(name, entry)
    return [_bound(entry) for entry in _REGISTRY.values()]


def _no_proxy(given: object) -> ProxyError:
    hint = f": write its name, {given.__name__!r}" if inspect.isfunction(given) else ""
    return ProxyError(f"proxies must be names, or what list_proxies() returns; got {shown(given)}{hint}")


def _named(name: str) -> Proxy:
    if name not in _REGISTRY and name in _INSTALLED:
        try:
            _REGISTRY.setdefault(name, _INSTALLED.value(name))
        except PluginError as error:
            raise ProxyError(str(error)) from error
    if name not in _REGISTRY:
        raise ProxyError(unknown("proxy", name, [*_REGISTRY, *_INSTALLED.points(), ALL]))
    return _REGISTRY[name]


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


def _is_taken(name: str) -> bool:
    load_builtin()
    return name == ALL or (name in _REGISTRY and _REGISTRY[name].built_in)


_INSTALLED = Plugins("nasinit.proxies", "proxy", _is_taken, lambda point: registered_by(point, _REGISTRY, "proxy"))
