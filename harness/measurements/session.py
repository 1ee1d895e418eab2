"""Measurements of one network on one batch, made on demand and once each."""

from __future__ import annotations

import importlib
import inspect
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from torch import nn

from harness.batches import Batch
from harness.errors import HarnessError, NotApplicable, ran_out_of_memory
from harness.measurements import GIVEN, MEASUREMENTS, NO_PASS
from harness.measurements.kept import Kept
from harness.measurements.layers import layer_of
from harness.measurements.preserve import seed_draws
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
    """

    def __init__(
        self,
        network: nn.Module,
        batch: Batch,
        setting: Setting,
        rebuild: Callable[..., nn.Module] | None = None,
        requested: Iterable[str] = MEASUREMENTS,
        kept: Kept | None = None,
    ) -> None:
        self._values: dict[str, Any] = {"network": network, "batch": batch, "setting": setting, "rebuild": rebuild}
        self._values["requested"] = frozenset(requested)
        self._failures: dict[str, Exception] = {}
        if rebuild is None:
            self._failures["rebuild"] = NotApplicable(
                "this measures networks of the architecture in a size of its own: score it as one of a space, by "
                "harness.run or nasinit score"
            )
        self._seconds: dict[str, float] = {}
        self._kept = kept or Kept(network)
        self._seed = derived_seed(setting.seed, "pass")

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
        function = measurement_function(name)
        arguments = {need: self.value(need) for need in inspect.signature(function).parameters}
        start = time.perf_counter()
        try:
            return function(**arguments) if MEASUREMENTS[name].passes == NO_PASS else self._passed(function, arguments)
        finally:
            self._seconds[name] = time.perf_counter() - start

    def _passed(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """A measurement that calls the network, on the kept state, which the network must not change."""
        self._kept.renew()
        seed_draws(self._values["network"], self._seed)
        try:
            result = function(**arguments)
        except Exception:
            self._kept.check_parameters()  # a change may be the reason
            raise
        self._kept.check_parameters()
        return result

    def seconds(self, needs: tuple[str, ...]) -> float:
        """Seconds that the measurements `needs`, and all that they are computed from, took."""
        return sum(self._seconds.get(name, 0.0) for name in closure(needs))


@cache
def measurement_function(name: str) -> Callable[..., Any]:
    """The function behind a measurement's name."""
    function: Callable[..., Any] = getattr(importlib.import_module(MEASUREMENTS[name].module), name)
    return function


@cache
def closure(needs: tuple[str, ...]) -> frozenset[str]:
    """The measurements `needs`, and every measurement that they are computed from."""
    names: set[str] = set()
    for name in needs:
        if name not in GIVEN:
            names |= {name, *closure(tuple(inspect.signature(measurement_function(name)).parameters))}
    return frozenset(names)
