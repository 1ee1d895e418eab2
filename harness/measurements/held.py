"""What the attributes of modules hold beside parameters, buffers and modules: state of any kind, to any depth."""

from __future__ import annotations

import random
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from harness.measurements.layers import MODULE_HOOKS

_PLAIN = (
    int, float, complex, str, bytes, type(None), type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType,
    types.MethodType, torch.dtype, torch.device, torch.Size, torch.jit.ScriptModule,
)  # fmt: skip
"""Kinds that hold no state, or whose state cannot be read."""
_TABLES = ("_parameters", "_buffers", "_modules")
_HOOKS = (
    *MODULE_HOOKS, "_forward_hooks_with_kwargs", "_forward_hooks_always_called", "_forward_pre_hooks_with_kwargs",
)  # fmt: skip
_STATES: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Any], object]]] = {
    torch.Generator: (lambda each: each.get_state(), lambda each, state: each.set_state(state)),
    random.Random: (lambda each: each.getstate(), lambda each, state: each.setstate(state)),
    np.random.RandomState: (lambda each: each.get_state(), lambda each, state: each.set_state(state)),
    np.random.Generator: (
        lambda each: each.bit_generator.state,
        lambda each, state: setattr(each.bit_generator, "state", state),
    ),
}
"""How the state of a generator of random numbers is read and set."""


class Held:
    """The content of containers, tensors, arrays, generators and objects that attributes hold, at one moment.

    Args:
        attributes: the attributes of the modules, by name, whose values are looked into.
        known: tensors and modules that are kept elsewhere: they are not looked into.
    """

    def __init__(self, attributes: Iterable[Mapping[str, Any]], known: Iterable[Any]) -> None:
        self._met: dict[int, Any] = {id(each): each for each in known}
        self._empty: list[Any] = []
        self._containers: list[tuple[Any, Any]] = []
        self.tensors: list[tuple[Tensor, Tensor]] = []
        self._arrays: list[tuple[Any, Any]] = []
        self._states: list[tuple[Any, Any, Callable[[Any, Any], object]]] = []
        waiting = [value for them in attributes for value in them.values()]
        while waiting:
            waiting.extend(self._look_into(waiting.pop()))

    def _look_into(self, value: Any) -> Iterable[Any]:
        """Keep the content of a value; the values inside, which are to be looked into."""
        if isinstance(value, _PLAIN) or id(value) in self._met:
            return ()
        self._met[id(value)] = value
        if isinstance(value, (tuple, frozenset)):
            return value
        if isinstance(value, (dict, list, set, deque)):
            if not value:
                self._empty.append(value)
                return ()
            self._containers.append((value, value.copy()))
            return list(value.values()) if isinstance(value, dict) else list(value)
        if not self._keep_numbers(value) and hasattr(value, "__dict__") and not _is_of_python(value):
            return (vars(value),)
        return ()

    def _keep_numbers(self, value: Any) -> bool:
        """Keep a tensor, an array or a generator of random numbers; whether the value is one."""
        state = next((them for kind, them in _STATES.items() if isinstance(value, kind)), None)
        if isinstance(value, Tensor):
            if value.layout is torch.strided and not (value.is_meta or value.is_quantized):
                self.tensors.append((value, value.detach().clone()))
        elif isinstance(value, np.ndarray):
            self._arrays.append((value, value.copy()))
        elif state is not None:
            self._states.append((value, state[0](value), state[1]))
        else:
            return False
        return True

    def put_back(self) -> None:
        """Give containers and objects the values that they held, and generators their states; no tensor is written."""
        for each in self._empty:
            if each:
                each.clear()
        for there, content in self._containers:
            if not _same(there, content):
                there.clear()
                (there.extend if isinstance(there, (list, deque)) else there.update)(content)
        for array, numbers in self._arrays:
            if not np.array_equal(array, numbers):
                array[...] = numbers
        for each, state, write in self._states:
            write(each, state)

    def stand_in(self, others: Mapping[int, Tensor]) -> None:
        """Let containers and objects hold other tensors, by the `id` of those that they hold."""
        if not others:
            return
        for there, content in self._containers:
            if isinstance(there, (dict, list)):
                for key, value in content.items() if isinstance(content, dict) else enumerate(content):
                    if id(value) in others:
                        there[key] = others[id(value)]


def attributes_of(module: nn.Module, *, only_hooks: bool) -> dict[str, Any]:
    """The attributes of a module without its parameters, buffers and modules; or its hooks alone."""
    if only_hooks:
        return {name: vars(module)[name] for name in _HOOKS}
    return {name: value for name, value in vars(module).items() if name not in _TABLES}


def _is_of_python(value: Any) -> bool:
    """Whether an object is of a class of Python's own, such as a logger, which leads to all of the process."""
    return type(value).__module__.partition(".")[0] in sys.stdlib_module_names and not isinstance(
        value, types.SimpleNamespace
    )


def _same(there: Any, content: Any) -> bool:
    """Whether two containers hold the same objects, in the same order where they have one."""
    if len(there) != len(content):
        return False
    if isinstance(there, dict):
        return all(one is other and there[one] is content[other] for one, other in zip(there, content, strict=True))
    if isinstance(there, set):
        return bool(there == content)
    return all(one is other for one, other in zip(there, content, strict=True))
