"""What a network holds, to be put back: modules, tensors, their contents, and attributes of any other kind."""

from __future__ import annotations

from operator import is_
from typing import Any

import torch
from torch import Tensor, nn

from harness.errors import NotApplicable
from harness.measurements.held import Held, attributes_of
from harness.measurements.known_rows import is_as_known
from harness.measurements.memory import storage_of
from harness.measurements.modules import named_buffers, named_modules, named_parameters
from harness.measurements.scripted import ScriptedState

_TABLES = ("_parameters", "_buffers", "_modules")


class Kept:
    """The state of a network at one moment.

    Args:
        network: network whose modules, parameters, buffers and other attributes are kept; of parameters and buffers
            the content too.
    """

    def __init__(self, network: nn.Module) -> None:
        # scripted modules hold their tensors by themselves
        self._modules = [
            each for each in named_modules(network).values() if not isinstance(each, torch.jit.ScriptModule)
        ]
        self._attributes = [dict(vars(module)) for module in self._modules]
        self._tables = [{table: dict(vars(module)[table]) for table in _TABLES} for module in self._modules]
        parameters, buffers = named_parameters(network), named_buffers(network)
        tensors = {id(tensor): tensor for tensor in (*parameters.values(), *buffers.values())}
        self.contents = [(tensor, tensor.detach().clone()) for tensor in tensors.values()]
        copies = {id(tensor): content for tensor, content in self.contents}
        self._parameters = [
            (name, tensor, tensor.requires_grad, _form(tensor), copies[id(tensor)])
            for name, tensor in parameters.items()
        ]
        self._data = [(tensor, tensor.data, _form(tensor)) for tensor in tensors.values()]
        self._flags = [(tensor, tensor.requires_grad, tensor.grad) for tensor in tensors.values()]
        # a module of a known class changes no state of its own in a pass, but others may give it hooks
        known = {module: is_as_known(module) for module in self._modules}
        self._stateful = [module for module in self._modules if not known[module]]
        parts = (*self._modules, *tensors.values())
        self._held = Held((attributes_of(module, only_hooks=known[module]) for module in self._modules), parts)
        self._scripted = ScriptedState(network)
        of_modules = (buffer for module in self._modules for buffer in module._buffers.values() if buffer is not None)
        self._shared = _SharedMemory([*of_modules, *(tensor for tensor, _ in self._held.tensors)])

    def restore(self) -> None:
        """Put everything back: modules, tensors and attributes by identity, contents, `requires_grad` and `.grad`."""
        self._put_back()
        self._scripted.restore()
        for tensor, data, form in self._data:
            if _form(tensor) != form:  # of another type since `network.double()`, or in another order
                tensor.data = data
        with torch.no_grad():
            for tensor, content in (*self.contents, *self._held.tensors):
                if not _equal(tensor, content):
                    # by `.data`, which keeps the version counter: a graph that the caller holds stays valid
                    tensor.data.copy_(content)
        for tensor, requires_grad, gradient in self._flags:
            tensor.requires_grad_(requires_grad)
            tensor.grad = gradient

    def renew(self) -> None:
        """Put modules, parameters and attributes back, and give the modules new buffers of the kept content.

        New ones, since a graph may hold the former.
        """
        self._put_back()
        self._scripted.renew()
        contents = {id(tensor): content for tensor, content in self.contents}
        fresh = self._shared.fresh()
        for module in self._modules:
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    if id(buffer) not in fresh:
                        fresh[id(buffer)] = contents[id(buffer)].clone()
                    module._buffers[name] = fresh[id(buffer)]
        for tensor, content in self._held.tensors:
            if id(tensor) not in fresh and not _equal(tensor, content):
                fresh[id(tensor)] = content.clone().requires_grad_(tensor.requires_grad)
        self._held.stand_in(fresh)
        for module in self._stateful:
            for name, value in vars(module).items():
                if id(value) in fresh:
                    vars(module)[name] = fresh[id(value)]

    def check_parameters(self) -> None:
        """Refuse a pass that has changed the network's own parameters, and put those back.

        Raises:
            NotApplicable: naming the first one that has another content, is another tensor, or is frozen.
        """
        changed = self.changed_parameter()
        if changed:
            self.restore()
            raise NotApplicable(f"the network changes its own parameters in the forward pass: {changed}")

    def changed_parameter(self) -> str:
        """The first parameter that has another content, is another tensor, or is frozen, in words; empty for none."""
        for module, tables in zip(self._modules, self._tables, strict=True):
            own = tables["_parameters"]
            there = module._parameters
            if there.keys() != own.keys() or any(there[name] is not own[name] for name in own):
                return f"those of a {type(module).__name__} are others than before"
        for name, tensor, requires_grad, form, content in self._parameters:
            if tensor.requires_grad != requires_grad:
                return f"{name!r} is frozen, or no longer"
            if _form(tensor) != form:
                return f"{name!r} has another type, shape or layout"
            if not _equal(tensor, content):
                return f"{name!r} has another content"
        return ""

    def _put_back(self) -> None:
        for module, attributes, tables in zip(self._modules, self._attributes, self._tables, strict=True):
            _set(vars(module), attributes)
            for table, content in tables.items():
                _set(vars(module)[table], content)
        self._held.put_back()


class _SharedMemory:
    """Tensors of which several lie in one memory, so that what is written into one is read from the others."""

    def __init__(self, tensors: list[Tensor]) -> None:
        places: dict[int, dict[int, Tensor]] = {}
        for tensor in tensors:
            if place := storage_of(tensor):
                places.setdefault(place, {})[id(tensor)] = tensor
        self._groups = [list(group.values()) for group in places.values() if len(group) > 1]
        self._contents = [_copied(group[0].untyped_storage()) for group in self._groups]

    def fresh(self) -> dict[int, Tensor]:
        """New tensors of the content at the beginning, by the `id` of the old ones, which share memory as those do."""
        found = {}
        for group, content in zip(self._groups, self._contents, strict=True):
            memory = _copied(content)
            for tensor in group:
                like = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
                like.set_(memory, tensor.storage_offset(), tensor.shape, tensor.stride())
                found[id(tensor)] = like
        return found


def _set(there: dict[str, Any], kept: dict[str, Any]) -> None:
    if not (len(there) == len(kept) and all(map(is_, there, kept)) and all(map(is_, there.values(), kept.values()))):
        there.clear()
        there.update(kept)


def _copied(memory: torch.UntypedStorage) -> torch.UntypedStorage:
    copy: torch.UntypedStorage = memory.clone()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return copy


def _form(tensor: Tensor) -> tuple[object, ...]:
    """All but the content: a network whose tensors lie in another order does not compute the same bits."""
    dense = tensor.layout is torch.strided
    return tensor.dtype, tensor.device, tensor.layout, tensor.shape, tensor.stride() if dense else ()


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether all entries are equal, or NaN in both."""
    return torch.equal(one, other) or bool(((one == other) | ((one != one) & (other != other))).all())
