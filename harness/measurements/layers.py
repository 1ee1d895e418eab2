"""Layers of a network: their kinds, and their names for messages."""

from __future__ import annotations

from typing import Final

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

LAYERS: Final = (_ConvNd, nn.Linear)


def uses_batch_statistics(norm: _BatchNorm) -> bool:
    """Whether a batch norm normalises by the batch that it is given."""
    return norm.training or norm.running_mean is None


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
    return [
        (name, module) for name, module in network.named_modules() if not isinstance(module, torch.jit.ScriptModule)
    ]


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
