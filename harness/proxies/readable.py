"""What a proxy may read: every measurement, with the proxies that read it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from harness.measurements import MEASUREMENTS
from harness.measurements.registry import own_measurements
from harness.proxies.registry import Proxy, list_proxies


@dataclass(frozen=True)
class ListedMeasurement:
    """A measurement that proxies may read.

    Attributes:
        name: the name that a proxy's parameter has.
        type: type of the result, as the function states it; empty where it states none.
        yields: the result with its shape, in words.
        cost: passes in addition to the forward pass that all measurements share.
        exhaustive: whether the number of passes grows with samples or outputs.
        own: whether it is the user's own, or a plug-in's.
        read_by: names of the proxies that read it, by themselves or through other measurements.
    """

    name: str
    type: str
    yields: str
    cost: str
    exhaustive: bool
    own: bool
    read_by: tuple[str, ...]


def list_measurements() -> list[ListedMeasurement]:
    """All measurements that a proxy may read, the built-in ones first.

    >>> {each.name: each for each in list_measurements()}["relu_gram"].yields
    'ReLU units in the same state, [N, N]'
    """
    from harness.measurements.session import closure, measurement_function

    own = own_measurements()
    readers: dict[str, list[str]] = {}
    for proxy in list_proxies():
        for name in closure(proxy.needs, {each.name: each for each in proxy.measurements}):
            readers.setdefault(name, []).append(proxy.name)
    built_in = [
        ListedMeasurement(
            name, _type_of(measurement_function(name)), facts.yields, facts.passes, facts.exhaustive, False,
            tuple(readers.get(name, ())),
        )
        for name, facts in MEASUREMENTS.items()
    ]  # fmt: skip
    added = [
        ListedMeasurement(
            each.name, _type_of(each.function), each.yields, each.cost, each.exhaustive, True,
            tuple(readers.get(each.name, ())),
        )
        for each in own
    ]  # fmt: skip
    return built_in + added


def cost(need: str, proxy: Proxy) -> str:
    """The cost of what a proxy reads, in words; of the network, the batch and the setting it is none."""
    if need in MEASUREMENTS:
        return MEASUREMENTS[need].passes
    return next((each.cost for each in proxy.measurements if each.name == need), "given")


def _type_of(function: object) -> str:
    annotation = inspect.signature(function).return_annotation  # type: ignore[arg-type]  # a measurement is callable
    if annotation is inspect.Signature.empty:
        return ""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
