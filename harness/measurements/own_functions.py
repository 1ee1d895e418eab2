"""A user's function beside the measurements of a network: what it does to them leaves no trace."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.grad_mode import _unsafe_preserve_version_counter

from harness.batches import Batch
from harness.errors import NotApplicable, NotFinite
from harness.measurements.finite import finite
from harness.measurements.kept import Kept
from harness.measurements.layers import GRADIENT_HOOKS
from harness.measurements.preserve import same_surroundings
from harness.setting import Setting
from harness.spaces.initialisation import default_type

_COPY = "let it work on a copy (copy.deepcopy(network), tensor.clone())"


@contextmanager
def without_trace(
    network: nn.Module, kept: Kept, arguments: Mapping[str, Any], forget: Callable[[], object]
) -> Iterator[dict[str, Any]]:
    """Inside, a user's function may be called on a network; afterwards the network is as it was before.

    Put back: modules, attributes, modes, buffers, `.grad`, `requires_grad`, hooks of modules and parameters, PyTorch's
    gradient mode, default type, threads and switches. Parameters too, after which the function is refused.

    Args:
        network: the network.
        kept: its state, which is the present one.
        arguments: the function's arguments by name.
        forget: called when measurements that were made before may have been changed.

    Yields:
        The function's arguments: copies of its own, but for the network and for tensors with a graph.

    Raises:
        NotApplicable: when the function has changed parameters, or a tensor with a graph in place: what it gives may
            hold them.
    """
    parameters = tuple(network.parameters())
    own, shared = {}, {}
    for name, value in arguments.items():
        copies = _Copies()
        own[name], shared[name] = copies.of(value), copies.as_they_are
    try:
        with ExitStack() as stack:
            for parameter in parameters:  # a graph that was made before stays valid, since the contents are put back
                stack.enter_context(_unsafe_preserve_version_counter(parameter))
            stack.enter_context(same_surroundings())
            stack.enter_context(torch.enable_grad())
            stack.enter_context(default_type(torch.get_default_dtype()))
            stack.enter_context(_gradient_hooks_put_back(parameters))
            yield own
    finally:
        changed = kept.changed_parameter()
        edited = [name for name, them in shared.items() if any(each.changed for each in them)]
        kept.restore()
        for parameter in parameters:
            parameter.grad = None
        if changed or edited:
            forget()
    if changed:
        raise NotApplicable(f"it changes the network's own parameters ({changed}): {_COPY}")
    if edited:
        raise NotApplicable(f"it changes the measurement {edited[0]!r} in place: {_COPY}")


@dataclasses.dataclass(frozen=True)
class _AsItIs:
    """A tensor that a function gets itself, with its content at that moment."""

    tensor: Tensor
    version: int
    content: Tensor

    @property
    def changed(self) -> bool:
        """Whether it was written to since, by PyTorch or by an array that shares its memory."""
        return self.tensor._version != self.version or not torch.equal(self.tensor, self.content)


class _Copies:
    """Copies of what a function reads, in which what was one object is one object again.

    Attributes:
        as_they_are: tensors with a graph, which have no copy.
    """

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Any]] = {}  # with the originals, so that no id is used again
        self.as_they_are: list[_AsItIs] = []

    def of(self, value: Any) -> Any:
        """A copy of a value: of containers, arrays, tensors without a graph, and dataclasses, to any depth."""
        if id(value) not in self._made:
            self._made[id(value)] = value, self._copied(value)
        return self._made[id(value)][1]

    def _copied(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, (np.ndarray, set)):
            return value.copy()
        if isinstance(value, Batch):
            return _copied(value)
        if isinstance(value, (tuple, list, dict)):
            return self._container(value)
        if isinstance(value, Setting) or not hasattr(value, "__dict__"):  # nothing in it can be changed, or reached
            return value
        if isinstance(value, Mapping) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
            made: Any = object.__new__(type(value))
            for name, each in vars(value).items():
                object.__setattr__(made, name, self.of(each))
            return made
        return value

    def _container(self, value: Any) -> Any:
        if isinstance(value, dict):
            copy = value.copy()
            copy.update((key, self.of(each)) for key, each in value.items())
            return copy
        parts = [self.of(each) for each in value]
        if isinstance(value, list):
            return parts
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)

    def _tensor(self, tensor: Tensor) -> Tensor:
        if tensor.requires_grad:
            self.as_they_are.append(_AsItIs(tensor, tensor._version, tensor.detach().clone()))
            return tensor
        return tensor.clone()


def check_finite(result: Any) -> Any:
    """The result itself, if all numbers that are found in it are finite.

    Raises:
        NotFinite: when a tensor, array or number holds NaN or infinity.
        NotApplicable: for an iterator, which only its first reader could read.
    """
    if isinstance(result, Iterator):
        raise NotApplicable("it gives an iterator, which can be read only once: let it give a list")
    for each in _numbers(result):
        if isinstance(each, Tensor):
            if each.is_floating_point() or each.is_complex():
                finite(each, "its results")
        elif not np.isfinite(each).all():
            raise NotFinite("its results hold NaN or infinity")
    return result


def _numbers(value: Any, met: set[int] | None = None) -> Iterator[Any]:
    """Tensors, arrays of numbers and floats in a value: in mappings, lists, tuples and dataclasses, to any depth."""
    met = set() if met is None else met
    if isinstance(value, Tensor) or isinstance(value, float):
        yield value
    elif isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.kind in "fc":
            yield value
    elif id(value) not in met:
        met.add(id(value))
        for part in _parts(value):
            yield from _numbers(part, met)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, (list, tuple)):
        return list(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, (type, Batch)):
        return [getattr(value, field.name, None) for field in dataclasses.fields(value)]
    return []


def _copied(batch: Batch) -> Batch:
    arguments = [each.clone() for each in batch.arguments]
    return Batch(arguments, batch.targets.clone(), independent=batch.independent, problem=batch.problem)


@contextmanager
def _gradient_hooks_put_back(parameters: tuple[Tensor, ...]) -> Iterator[None]:
    """Inside, hooks of the parameters' gradients may be registered and removed."""
    hooks_of = [(each, name, getattr(each, name)) for each in parameters for name in GRADIENT_HOOKS]
    contents = [None if hooks is None else dict(hooks) for _, _, hooks in hooks_of]
    try:
        yield
    finally:
        for (tensor, name, hooks), content in zip(hooks_of, contents, strict=True):
            if content is not None and hooks != content:
                hooks.clear()
                hooks.update(content)
            if getattr(tensor, name) is not hooks:
                setattr(tensor, name, hooks)
