"""Layers of a network: their kinds, and their names for messages."""

from __future__ import annotations

from typing import Final

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from harness.errors import NotApplicable
from harness.measurements.modules import named_modules

LAYERS: Final = (_ConvNd, nn.Linear)

MODULE_HOOKS: Final = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
"""Attributes of a module that hold its hooks."""

GRADIENT_HOOKS: Final = ("_backward_hooks", "_post_accumulate_grad_hooks")
"""Attributes of a tensor that hold the hooks of its gradient."""


def uses_batch_statistics(norm: _BatchNorm) -> bool:
    """Whether a batch norm normalises by the batch that it is given."""
    return norm.training or norm.running_mean is None


def has_own_method(module: nn.Module, *names: str) -> bool:
    """Whether a method of the module is not PyTorch's: set on the instance, or by a class outside of PyTorch.

    >>> class Scaled(nn.BatchNorm2d):
    ...     def forward(self, inputs):
    ...         return super().forward(inputs) / 2
    >>> has_own_method(Scaled(3), "forward"), has_own_method(nn.BatchNorm2d(3), "forward")
    (True, False)
    """
    return any(_is_own(module, name) for name in names)


def _is_own(module: nn.Module, name: str) -> bool:
    kind = next((kind for kind in type(module).__mro__ if name in vars(kind)), nn.Module)
    method = vars(module).get(name)
    replaced = method is not None and getattr(method, "__func__", None) is not vars(kind).get(name)
    return replaced or not kind.__module__.startswith("torch.nn.modules.")


def check_plain_batch_norm(network: nn.Module, what: str) -> None:
    """Refuse batch norm with a forward pass of its own, which holds more than batch norm (an activation, a scale).

    Args:
        network: the network whose batch norm is to be replaced.
        what: what replaces it, for the message, such as "be taken out".

    Raises:
        NotApplicable: naming the first such layer.
    """
    for name, module in named_modules(network).items():
        if isinstance(module, _BatchNorm) and has_own_method(module, "forward"):
            raise NotApplicable(
                f"{layer_named(name, module)} is batch norm with a forward pass of its own: it cannot {what}"
            )


def layer_named(name: str, module: nn.Module) -> str:
    """A module as messages name it.

    >>> layer_named("head", nn.Linear(2, 2))
    "layer 'head' of type Linear"
    """
    return (
        f"layer {name!r} of type {type(module).__name__}" if name else f"the network itself ({type(module).__name__})"
    )


def hookable(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """Modules that take hooks, with their names; the modules of scripted code take none."""
    modules = named_modules(network).items()
    return [(name, module) for name, module in modules if not isinstance(module, torch.jit.ScriptModule)]


def layer_of(error: BaseException, network: nn.Module) -> str:
    """The innermost module of the network whose code was running when the error was raised; empty where none was."""
    names = {module: name for name, module in network.named_modules()}
    found = ""
    trace = error.__traceback__
    while trace is not None:
        owner = trace.tb_frame.f_locals.get("self")
        if isinstance(owner, nn.Module) and owner in names:
            found = layer_named(names[owner], owner)
        trace = trace.tb_next
    return found
