"""Measurements of one's own: functions that are registered beside the built-in ones, or brought by plug-ins."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any, Protocol, TypeVar, overload

from harness.errors import HarnessError, MeasurementError, unknown
from harness.loading.plugins import PluginError, Plugins
from harness.measurements import GIVEN, MEASUREMENTS
from harness.text.shown import shown

Function = TypeVar("Function", bound=Callable[..., Any])

READABLE = ("network", "batch", "setting")
"""What a function of the user's may read in addition to measurements."""

NOT_STATED = "not stated"


@dataclass(frozen=True)
class OwnMeasurement:
    """A measurement of the user's own.

    Attributes:
        name: the function's name.
        function: makes the measurement.
        needs: names of what the function reads: `READABLE`, and other measurements.
        yields: the result with its shape, in words.
        cost: the cost in passes, in words.
        exhaustive: whether the number of passes grows with samples or outputs.
        version: version of the definition.
    """

    name: str
    function: Callable[..., Any]
    needs: tuple[str, ...]
    yields: str
    cost: str
    exhaustive: bool
    version: str


_REGISTRY: dict[str, OwnMeasurement] = {}


@overload
def measurement(function: Function, /) -> Function: ...


@overload
def measurement(
    *, yields: str = ..., cost: str = ..., exhaustive: bool = ..., version: int = ...
) -> Callable[[Function], Function]: ...


def measurement(
    function: Function | None = None,
    /,
    *,
    yields: str = NOT_STATED,
    cost: str = NOT_STATED,
    exhaustive: bool = False,
    version: int = 1,
) -> Function | Callable[[Function], Function]:
    """Register a function as a measurement under its own name, for proxies to read.

    The names of its parameters, except those with a default, say what it reads: `network`, `batch`, `setting`, or other
    measurements. It is made once for a network and given to every proxy that reads it. The network has its own weights
    and buffers, batch norm in the mode of the setting, and all else in eval mode; random draws of PyTorch are those of
    the setting's seed. The batch is a copy of the function's own. Whatever the function does to the network is undone
    afterwards: modes, buffers, modules, hooks, `.grad`. If it changes weights, or another measurement in place, its
    readers have the status `not_applicable`, since its result may hold what was changed: let it work on a copy.

    Args:
        function: the function, where the decorator is written without brackets.
        yields: the result with its shape, in words, for `nasinit list measurements`.
        cost: the cost in passes, in words.
        exhaustive: whether the number of passes grows with samples or outputs; `all` leaves out proxies that read such
            a measurement.
        version: version of the definition; it need not rise when the function is edited, since scores carry a
            fingerprint of its code.

    Returns:
        The function, unchanged. Registering a name of one's own again replaces the function, so that a notebook's cell
        may run twice.

    Raises:
        MeasurementError: for a name that is taken, a parameter that is not a measurement (with the nearest name), or a
            measurement that is computed from itself.

    >>> import torch, harness
    >>> @harness.measurement(yields="logits [N, K] in eval mode", cost="1 forward")
    ... def plain_logits(network, batch) -> torch.Tensor:
    ...     return network.eval()(*batch.arguments).detach()
    >>> @harness.proxy(source="me")
    ... def logit_spread(plain_logits):
    ...     return plain_logits.std()
    >>> network = torch.nn.Linear(2, 2).requires_grad_(True)
    >>> _ = torch.nn.init.eye_(network.weight), torch.nn.init.zeros_(network.bias)
    >>> batch = harness.Batch(torch.tensor([[0.0, 1.0], [2.0, 3.0]]), torch.tensor([0, 1]))
    >>> round(harness.score(network, batch, "logit_spread")["logit_spread"].value, 3)
    1.291
    """

    def register(function: Function) -> Function:
        entry = OwnMeasurement(
            _checked_name(function), function, needs_of(function, "measurement", MeasurementError),
            yields, cost, exhaustive, str(version),
        )  # fmt: skip
        _check_no_circle(entry)
        _REGISTRY[entry.name] = entry
        return function

    return register if function is None else register(function)


def needs_of(function: Callable[..., Any], kind: str, refused: type[HarnessError]) -> tuple[str, ...]:
    """Names of what a user's function reads: its parameters without a default.

    Args:
        function: the function.
        kind: what it is, for messages: a proxy or a measurement.
        refused: type of the error that is raised where there is no such parameter, or for one that is neither in
            `READABLE` nor a measurement, or is an installed one that cannot be loaded.
    """
    name = getattr(function, "__name__", "")
    parameters = inspect.signature(function).parameters.values()
    needs = tuple(parameter.name for parameter in parameters if parameter.default is parameter.empty)
    if not needs:
        raise refused(f"{kind} {name!r} reads nothing: its parameters name measurements, {', '.join(readable_names())}")
    for need in needs:
        if need in READABLE or need in MEASUREMENTS or (need == name and kind == "measurement"):
            continue  # one that reads itself is found below
        try:
            there = _found(need) is not None
        except PluginError as error:
            raise refused(f"{kind} {name!r}: {error}") from error
        if not there:
            raise refused(f"{kind} {name!r}: {unknown('measurement', need, readable_names())}")
    return needs


def readable_names() -> list[str]:
    """Names of all that a user's function may read; no plug-in is loaded."""
    return [*READABLE, *MEASUREMENTS, *{**_REGISTRY, **_INSTALLED.points()}]


def own_measurements() -> list[OwnMeasurement]:
    """All measurements that are not built in: the registered ones, and those of plug-ins that can be loaded."""
    for name, entry in _INSTALLED.values().items():
        _REGISTRY.setdefault(name, entry)
    return list(_REGISTRY.values())


def own_among(needs: Iterable[str], known: Iterable[OwnMeasurement] = ()) -> tuple[OwnMeasurement, ...]:
    """The user's own measurements that `needs` are computed from, as they are registered now, each after its needs.

    Args:
        needs: names of measurements, of any kind.
        known: what stands for measurements that are not registered in this process.
    """
    registered = {**{entry.name: entry for entry in known}, **_REGISTRY}
    found: dict[str, OwnMeasurement] = {}

    def add(name: str) -> None:
        if name in registered and name not in found:
            for need in registered[name].needs:
                add(need)
            found[name] = registered[name]

    for need in needs:
        add(need)
    return tuple(found.values())


def _checked_name(function: Callable[..., Any]) -> str:
    name = str(getattr(function, "__name__", ""))
    if not name.isidentifier():
        raise MeasurementError(f"a measurement is a named function, got {shown(function)}")
    if name in MEASUREMENTS:
        raise MeasurementError(f"{name!r} is a built-in measurement: give the function another name")
    if name in GIVEN:
        raise MeasurementError(f"{name!r} is what measurements are given: give the function another name")
    return name


def _found(name: str) -> OwnMeasurement | None:
    """A measurement that is not built in; one of a plug-in is loaded.

    Raises:
        PluginError: for one of a plug-in that cannot be loaded.
    """
    if name not in _REGISTRY and name in _INSTALLED:
        _REGISTRY.setdefault(name, _INSTALLED.value(name))
    return _REGISTRY.get(name)


def _check_no_circle(entry: OwnMeasurement) -> None:
    """Refuse a definition that is computed from itself, which only a new definition of a known name can be."""

    def path(name: str) -> list[str]:
        """The measurements from `name` down to the new one; empty where it is not computed from it."""
        if name == entry.name:
            return [name]
        for need in _REGISTRY[name].needs if name in _REGISTRY else ():
            if below := path(need):
                return [name, *below]
        return []

    for need in entry.needs:
        if circle := path(need):
            steps = " reads ".join([entry.name, *circle])
            raise MeasurementError(f"measurement {entry.name!r} is computed from itself: {steps}")


class Registered(Protocol):
    """What a registry of functions holds."""

    @property
    def name(self) -> str:
        """The function's name."""

    @property
    def function(self) -> Callable[..., Any]:
        """The function."""


Entry = TypeVar("Entry", bound=Registered)


def registered_by(point: EntryPoint, registry: MutableMapping[str, Entry], decorator: str) -> Entry:
    """The registry's entry for the function that an entry point names; what the user registered before stays.

    Args:
        point: the entry point, which is loaded here.
        registry: entries by name, to which the decorator adds.
        decorator: the decorator's name, for messages.

    Raises:
        PluginError: for what does not have the decorator, or has another name than the entry point.
    """
    before = dict(registry)
    try:
        function = point.load()
    except BaseException:
        for name, entry in list(registry.items()):
            if name not in before and entry.function.__module__ not in sys.modules:  # its module has failed
                del registry[name]
        raise
    finally:
        registry.update(before)
    if point.name in registry and (point.name in before or registry[point.name].function is function):
        return registry[point.name]
    called = [entry.name for entry in registry.values() if entry.function is function]
    if called:
        raise PluginError(f"it calls itself {called[0]!r}: the entry point's name must be the same")
    raise PluginError(f"{point.attr} was not registered by the decorator harness.{decorator}")


_INSTALLED = Plugins(
    "nasinit.measurements",
    "measurement",
    lambda name: name in MEASUREMENTS or name in GIVEN,
    lambda point: registered_by(point, _REGISTRY, "measurement"),
)
