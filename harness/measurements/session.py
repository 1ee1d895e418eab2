"""Measurements of one network on one batch, made on demand and once each."""

from __future__ import annotations

import importlib
import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from torch import nn

from harness.batches import Batch
from harness.errors import HarnessError, NotApplicable, NotFinite, ran_out_of_memory
from harness.measurements import GIVEN, MEASUREMENTS, NO_PASS, SIZES
from harness.measurements.kept import Kept
from harness.measurements.layers import layer_of
from harness.measurements.own_functions import check_finite, without_trace
from harness.measurements.preserve import accelerators, seed_draws
from harness.measurements.registry import OwnMeasurement
from harness.measurements.scripted import check_traced_modes
from harness.setting import Setting, derived_seed


class NetworkError(Exception):
    """An error of any kind that a pass of the network raised, with the name of the layer."""


_KNOWN = (HarnessError, NetworkError)


class Session:
    """Measurements of one network on one batch; use it inside `preserved`.

    Each begins with the network's own buffers and attributes and the same random draws, so that no value depends on
    what else is measured.

    Args:
        network: the module to be measured.
        batch: samples on the network's device and in its dtype.
        setting: the setting, of which `bn`, `loss`, `probes` and `seed` are read.
        rebuild: builds the network's architecture in another size; None where the network is not one of a space.
        requested: names of the measurements that will be read, so that one pass may keep what another needs; by
            default all.
        kept: the network's state, as `preserved` yields it; by default it is taken here.
        own: measurements of the user's own that are among `requested`.
    """

    def __init__(
        self,
        network: nn.Module,
        batch: Batch,
        setting: Setting,
        rebuild: Callable[..., nn.Module] | None = None,
        requested: Iterable[str] = MEASUREMENTS,
        kept: Kept | None = None,
        own: Iterable[OwnMeasurement] = (),
    ) -> None:
        given = {"network": network, "batch": batch, "setting": setting, "rebuild": rebuild, "renew": self._renew}
        self._given: dict[str, Any] = {**given, "requested": frozenset(requested)}
        self._values = dict(self._given)
        self.own = {entry.name: entry for entry in own}
        self._failures: dict[str, Exception] = {}
        if rebuild is None:
            self._failures["rebuild"] = NotApplicable(
                "this measures networks of the architecture in a size of its own: score it as one of a space, by "
                "harness.run or nasinit score"
            )
        self._seconds: dict[str, float] = {}
        self._kept = kept or Kept(network)
        self._other_modes = _refused(check_traced_modes, network, setting.bn)
        self._seed = derived_seed(setting.seed, "pass")
        self._devices = accelerators(network)

    def value(self, name: str) -> Any:
        """The measurement of that name; where it has failed before, the same exception without a new attempt."""
        if name in self._failures:
            raise self._failures[name].with_traceback(None)
        if name not in self._values:
            try:
                self._values[name] = self._measure(name)
            except (Exception, SystemExit, GeneratorExit) as error:
                self._failures[name] = self._named(error)
                raise self._failures[name] from error
        return self._values[name]

    def _named(self, error: BaseException) -> Exception:
        """An error that the network raised, with the name of its layer; any other as it is."""
        if isinstance(error, (HarnessError, NetworkError)) or (
            isinstance(error, Exception) and ran_out_of_memory(error)
        ):
            return error
        where = layer_of(error, self._values["network"])
        return NetworkError(f"{type(error).__name__}: {error}{where and f' (in {where})'}")

    def _measure(self, name: str) -> Any:
        arguments = {need: self.value(need) for need in read_by(name, self.own)}
        start = time.perf_counter()
        try:
            if name in self.own:
                return self._own_result(self.own[name], arguments)
            function = measurement_function(name)
            if MEASUREMENTS[name].passes == NO_PASS:
                return function(**arguments)
            if self._other_modes is not None and name not in SIZES:
                raise self._other_modes.with_traceback(None)
            return self._passed(function, arguments)
        finally:
            self._seconds[name] = time.perf_counter() - start

    def _own_result(self, entry: OwnMeasurement, arguments: dict[str, Any]) -> Any:
        """The result of a measurement of the user's own; its errors name it."""
        what = f"measurement {entry.name!r}"
        try:
            return check_finite(self.call_own(entry.function, arguments))
        except (Exception, SystemExit, GeneratorExit) as error:
            if isinstance(error, HarnessError):
                kind = NotFinite if isinstance(error, NotFinite) else NotApplicable
                raise kind(f"{what}: {error}") from error
            text = f"{what}: {type(error).__name__}: {error}"
            if isinstance(error, Exception) and ran_out_of_memory(error):
                raise MemoryError(text) from error
            where = layer_of(error, self._values["network"])
            raise NetworkError(f"{text}{where and f' (in {where})'}") from error

    def call_own(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """The result of a user's function, which begins on the kept state and leaves no trace.

        Raises:
            NotApplicable: when it has changed the network's parameters, or a measurement that others read.
        """
        self._renew()
        with without_trace(self._values["network"], self._kept, arguments, self._forget) as own_arguments:
            return function(**own_arguments)

    def _renew(self) -> None:
        """Put the network's state and the random draws back to where every measurement begins."""
        self._kept.renew()
        seed_draws(self._devices, self._seed)

    def _forget(self) -> None:
        """Make every measurement anew when it is read again: what there is may have been changed."""
        self._values = dict(self._given)

    def _passed(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """A measurement that calls the network, on the kept state, which the network must not change."""
        self._renew()
        try:
            result = function(**arguments)
        except Exception:
            self._kept.check_parameters()  # a change may be the reason
            raise
        self._kept.check_parameters()
        return result

    def seconds(self, needs: tuple[str, ...]) -> float:
        """Seconds that the measurements `needs`, and all that they are computed from, took."""
        return sum(self._seconds.get(name, 0.0) for name in closure(needs, self.own))


def _refused(check: Callable[..., None], *arguments: Any) -> NotApplicable | None:
    """The refusal by a check; None where there is none."""
    try:
        check(*arguments)
    except NotApplicable as error:
        return error
    return None


@cache
def measurement_function(name: str) -> Callable[..., Any]:
    """The function behind a measurement's name."""
    function: Callable[..., Any] = getattr(importlib.import_module(MEASUREMENTS[name].module), name)
    return function


@cache
def _read_by_built_in(name: str) -> tuple[str, ...]:
    return tuple(inspect.signature(measurement_function(name)).parameters)


def read_by(name: str, own: Mapping[str, OwnMeasurement]) -> tuple[str, ...]:
    """Names of what a measurement is computed from; those in `own` are the user's."""
    return own[name].needs if name in own else _read_by_built_in(name)


def closure(needs: Iterable[str], own: Mapping[str, OwnMeasurement]) -> frozenset[str]:
    """The measurements `needs`, and every measurement that they are computed from; those in `own` are the user's."""
    names: set[str] = set()
    waiting = list(needs)
    while waiting:
        name = waiting.pop()
        if name not in GIVEN and name not in names:
            names.add(name)
            waiting.extend(read_by(name, own))
    return frozenset(names)
