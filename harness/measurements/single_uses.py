"""Uses of parameters by the layers that own them, and the per-sample gradients that they give together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from harness.errors import NotApplicable
from harness.measurements.forward import Forward, LayerCall, nothing_hidden
from harness.measurements.layer_rules import rule_for

Selection = Callable[[nn.Module, str], bool]
"""Whether a parameter counts, by its module and its name in the module."""


class Use(NamedTuple):
    """One use of a parameter: the index of the call, and the parameter's name in the module that was called."""

    call: int
    name: str


def uses_of(calls: Sequence[LayerCall], samples: int, select: Selection) -> dict[nn.Parameter, list[Use]]:
    """Uses of each selected parameter, in the order of the calls.

    Raises:
        NotApplicable: naming a layer whose per-sample gradients are not known.
    """
    uses: dict[nn.Parameter, list[Use]] = {}
    for index, call in enumerate(calls):
        for name, parameter in call.module.named_parameters(recurse=False):
            if parameter.requires_grad and select(call.module, name):
                check_call(call, samples)
                uses.setdefault(parameter, []).append(Use(index, name))
    return uses


def check_call(call: LayerCall, samples: int) -> None:
    """Refuse a call whose per-sample gradients are not known.

    Raises:
        NotApplicable: naming the layer.
    """
    rule_for(call.name, call.module)
    if call.edge is None or call.inputs is None:
        raise NotApplicable(
            f"layer {call.name!r} does not map one tensor to another of its type that can be differentiated"
        )
    if call.inputs.ndim == 0 or len(call.inputs) != samples:
        raise NotApplicable(
            f"layer {call.name!r} reads {list(call.inputs.shape)}, not a row for each of {samples} samples"
        )
    if call.inputs._version != call.version:
        raise NotApplicable(f"the input of layer {call.name!r} was changed in place after the layer had read it")


class Arriving(NamedTuple):
    """Gradients of a scalar where they arrive, None where there is none.

    Attributes:
        calls: at the output of each call of a layer.
        activations: at the output of each ReLU, then of each GELU and SiLU that was recorded.
        parameters: by the parameters that were asked for.
    """

    calls: list[Tensor | None]
    activations: list[Tensor | None]
    parameters: list[Tensor | None]


def arriving_gradients(objective: Tensor, forward: Forward, parameters: Sequence[nn.Parameter]) -> Arriving:
    """Gradients of a scalar by the outputs of layers and ReLUs, and by these parameters.

    Cost: one backward pass.
    """
    edges = [call.edge for call in forward.calls]
    edges += [call.edge for call in (*forward.activations, *forward.gates)]
    places: list[Any] = [edge for edge in edges if edge is not None]
    with nothing_hidden(parameters):
        found = iter(torch.autograd.grad(objective, [*places, *parameters], retain_graph=True, allow_unused=True))
    outputs = [None if edge is None else next(found) for edge in edges]
    return Arriving(outputs[: len(forward.calls)], outputs[len(forward.calls) :], list(found))


def summed_rows(uses: Sequence[Use], calls: Sequence[LayerCall], arriving: Sequence[Tensor | None]) -> Tensor | None:
    """Per-sample gradients [N, size] of one parameter over all of its uses; None where none of them counts.

    Args:
        uses: uses of the parameter.
        calls: calls of all layers.
        arriving: gradient at the output of each call.
    """
    parts = [
        rule_for(call.name, call.module)(call.module, call.inputs, gradient)[name]
        for index, name in uses
        if (call := calls[index]).inputs is not None and (gradient := arriving[index]) is not None
    ]
    return sum(parts[1:], parts[0]).reshape(len(parts[0]), -1) if parts else None


def outside_of_its_module(name: str) -> str:
    """Message for a parameter that the pass reads though its module is not called."""
    return f"parameter {name!r} is used outside its module's forward: its layer cannot be seen"


def rounding(dtype: torch.dtype) -> float:
    """What two ways to the same number may differ by, as a part of it."""
    return min(max(1e4 * torch.finfo(dtype).eps, 1e-6), 0.1)


def is_within_rounding(difference: Tensor, size: float, largest: float) -> bool:
    """Whether a difference of gradients is no more than rounding; one that is not finite is left to who reads it.

    Args:
        difference: the difference, of any shape.
        size: norm of the gradients that were compared.
        largest: the largest norm of a gradient of any parameter.
    """
    found, part = float(difference.norm()), rounding(difference.dtype)
    return not math.isfinite(found + size + largest) or found <= part * size + part**2 * largest
