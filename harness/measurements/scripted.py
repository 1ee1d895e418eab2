"""Scripted and traced networks: their modes, and what they hold, which `torch.nn.Module` does not show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.jit._trace import TopLevelTracedModule, TracedModule
from torch.nn.modules.batchnorm import _BatchNorm

from harness.errors import NotApplicable
from harness.measurements.modules import named_modules, named_parameters

_MODES: Final = {
    "aten::batch_norm": 5,
    "aten::instance_norm": 5,
    "aten::dropout": 2,
    "aten::feature_dropout": 2,
    "aten::alpha_dropout": 2,
    "aten::feature_alpha_dropout": 2,
}
"""Place of the argument that says whether an operation is in train mode."""
_RUNNING_MEAN: Final = 3


def set_scripted_modes(module: nn.Module, bn: str) -> None:
    """Every scripted module's batch norm in the mode `bn`, everything else in it in eval mode.

    Traced modules stay in the modes that they were traced in; see `check_traced_modes`.

    Args:
        module: the network, with scripted modules or without.
        bn: mode of the modules of the batch norm family, `train` or `eval`.
    """
    family = {kind.__name__ for kind in _classes(_BatchNorm)}
    for each in _script_modules(module):
        each.training = bn == "train" and each.original_name in family


def check_traced_modes(module: nn.Module, bn: str) -> None:
    """Refuse traced modules that were traced in other modes than the network is measured in.

    Args:
        module: the network, with traced modules or without.
        bn: mode of the modules of the batch norm family, `train` or `eval`.

    Raises:
        NotApplicable: naming the operation and its mode.
    """
    for each in _script_modules(module):
        traced = isinstance(each, (TracedModule, TopLevelTracedModule))
        graphs = list(_graphs(each)) if traced or each.original_name in _BATCH_NORMS else []
        for graph in graphs:
            for operation, place in _MODES.items():
                wanted = operation == "aten::batch_norm" and bn == "train"
                for node in graph.findAllNodes(operation):
                    inputs = list(node.inputs())
                    mode = inputs[place].toIValue()  # None where the module's own mode decides
                    normed = "norm" in operation
                    by_batch = normed and inputs[_RUNNING_MEAN].type().kind() == "NoneType"  # in both modes alike
                    if mode is not None and mode != wanted and not by_batch:
                        name = operation.removeprefix("aten::")
                        raise NotApplicable(
                            f"the network was traced with {name} in {'train' if mode else 'eval'} mode, and stays in "
                            f"it: trace it in the modes of bn={bn!r}, or give the network itself"
                        )


class ScriptedState:
    """What the scripted modules of a network hold at one moment, but for the content of parameters.

    Args:
        network: the network, with scripted modules or without.
    """

    def __init__(self, network: nn.Module) -> None:
        names = sorted(_names_used(network))
        weights = {id(parameter) for parameter in named_parameters(network).values()}
        self._held = [
            _Held(module, name, value, isinstance(value, Tensor) and id(value) in weights)
            for module in _script_modules(network)
            for name in names
            if module._c.hasattr(name) and _can_be_kept(value := module._c.getattr(name))
        ]
        self._contents: dict[int, Tensor] = {}
        for each in self._held:
            if not each.is_weight:
                for tensor in _tensors(each.value):
                    self._contents[id(tensor)] = tensor.detach().clone()

    def renew(self) -> None:
        """Put everything back, with new tensors of the kept content in place of those that are no parameters."""
        fresh = {key: content.clone() for key, content in self._contents.items()}
        for module, name, value, is_weight in self._held:
            module._c.setattr(name, value if is_weight else _with(value, fresh))

    def restore(self) -> None:
        """Put everything back, by identity where it is a tensor, with the kept content."""
        for module, name, value, is_weight in self._held:
            if not is_weight:
                for tensor in _tensors(value):
                    tensor.data.copy_(self._contents[id(tensor)])
            module._c.setattr(name, value)


class _Held(NamedTuple):
    module: Any
    name: str
    value: Any
    is_weight: bool


def _script_modules(network: nn.Module) -> Iterator[Any]:
    return (module for module in named_modules(network).values() if isinstance(module, torch.jit.ScriptModule))


def _classes(kind: type[Any]) -> Iterator[type[Any]]:
    yield kind
    below: type[Any]
    for below in kind.__subclasses__():
        yield from _classes(below)


_BATCH_NORMS: Final = frozenset(kind.__name__ for kind in _classes(_BatchNorm))
"""Names of PyTorch's own batch norms."""


def _graphs(module: Any) -> Iterator[Any]:
    for name in module._c._method_names():
        yield module._c._get_method(name).graph


def _names_used(network: nn.Module) -> set[str]:
    """Names of the attributes that scripted code reads or sets; there is no list of all of them."""
    kinds = ("prim::GetAttr", "prim::SetAttr")
    return {
        node.s("name")
        for module in _script_modules(network)
        for graph in _graphs(module)
        for kind in kinds
        for node in graph.findAllNodes(kind)
        if node.s("name") != "training"
    }


def _can_be_kept(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_can_be_kept, value))
    if isinstance(value, dict):
        return all(map(_can_be_kept, value.values()))
    return value is None or isinstance(value, (Tensor, int, float, complex, str, torch.device, torch.dtype))


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [tensor for part in parts for tensor in _tensors(part)]


def _with(value: Any, fresh: dict[int, Tensor]) -> Any:
    """A value with other tensors in the place of its own."""
    if isinstance(value, Tensor):
        return fresh[id(value)]
    if isinstance(value, dict):
        return {key: _with(part, fresh) for key, part in value.items()}
    if isinstance(value, list):
        return [_with(part, fresh) for part in value]
    if isinstance(value, tuple):
        parts = [_with(part, fresh) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value
