"""Calls of activation modules in a forward pass: which modules are read, and what is kept of a call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.autograd.graph import GradientEdge, get_gradient_edge

from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.layers import has_own_method
from harness.measurements.watch import Watch

GATES: Final[Mapping[type[nn.Module], str]] = {nn.GELU: "gelu", nn.SiLU: "silu"}
"""Modules whose output has the sign of what they read, or is 0, with the name of their operation.

A GELU far below 0 rounds to −0, in float32 from about −5.6 on, and has the sign 0 there.
"""


@dataclass(frozen=True)
class Activation:
    """One call of an activation module.

    Attributes:
        name: the module's name in the network.
        output: the output [N, ...], without a graph; a ReLU's is positive where the unit is active, and autograd keeps
            the same tensor.
        version: version counter of the output at the call; it rises when the output is changed in place.
        edge: the place in the graph where gradients of the output arrive; None for an output without a graph.
        correlation: correlation matrix [N, N] of the samples' inputs, in a pass that is to form it; None where a
            sample's row is constant.
        kind: the kind of module: ReLU, GELU or SiLU.
    """

    name: str
    output: Tensor
    version: int
    edge: GradientEdge | None
    correlation: Tensor | None = None
    kind: str = "ReLU"


def is_relu(module: nn.Module) -> bool:
    """Whether a module is a ReLU whose output no hook sees; one of its own kind is asked for values of any size."""
    if not isinstance(module, nn.ReLU) or module._forward_hooks:
        return False
    if not has_own_method(module, "forward"):
        return True
    sizes = torch.cat([torch.linspace(0, 8, 17, device="cpu"), 2.0 ** torch.arange(-120, 121, device="cpu")])
    values = torch.cat([-sizes, sizes]).reshape(1, 1, 1, -1)
    return torch.equal(module.forward(values.clone()), values.relu())


def is_gate(module: nn.Module) -> bool:
    """Whether a module is PyTorch's GELU or SiLU, and no hook sees its output."""
    return isinstance(module, tuple(GATES)) and not module._forward_hooks and not has_own_method(module, "forward")


def activation_recorder(
    name: str, activations: list[Activation], watch: Watch, entered: list[Tensor | None]
) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
    """A hook after a ReLU, which is called with no other activation seen inside."""

    def record(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if is_functorch_wrapped_tensor(output):
            watch.units["relu in torch.func"] += output.numel()
            return
        edge = get_gradient_edge(output) if output.requires_grad else None
        correlation = entered.pop() if entered else None
        activations.append(Activation(name, output.detach(), output._version, edge, correlation))

    return record


def gate_recorder(name: str, gates: list[Activation]) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
    """A hook after a GELU or SiLU; the watch counts their units, too, as those of other activations."""

    def record(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if not is_functorch_wrapped_tensor(output):
            edge = get_gradient_edge(output) if output.requires_grad else None
            kind = next(kind.__name__ for kind in GATES if isinstance(module, kind))
            gates.append(Activation(name, output.detach(), output._version, edge, kind=kind))

    return record


def unseen_units(units: Mapping[str, int], gates: Sequence[Activation]) -> Counter[str]:
    """Units by operation, less those of the gates that were recorded."""
    operations = {kind.__name__: operation for kind, operation in GATES.items()}
    unseen = Counter(units)
    for gate in gates:
        unseen[operations[gate.kind]] -= gate.output.numel()
    return +unseen


def checked_outputs(calls: Sequence[Activation], samples: int) -> tuple[Tensor, ...]:
    """Outputs [N, ...] of the calls, in their order, where each has a row for each of the samples.

    Raises:
        NotApplicable: when an output does not have one row per sample, or was changed in place later.
        NotFinite: when an output holds NaN or infinity.
    """
    for call in calls:
        if call.output.ndim < 2 or len(call.output) != samples:
            given = list(call.output.shape)
            raise NotApplicable(f"{call.kind} {call.name!r} gives {given}, not a row for each of {samples} samples")
        if call.output._version != call.version:
            raise NotApplicable(f"the output of {call.kind} {call.name!r} was changed in place afterwards")
        finite(call.output, f"outputs of {call.kind} {call.name!r}")
    return tuple(call.output for call in calls)
