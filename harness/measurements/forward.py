"""The one forward pass that all gradients share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch import Tensor, nn
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.autograd.graph import GradientEdge, Node, get_gradient_edge

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.activation_calls import (
    Activation,
    activation_recorder,
    checked_outputs,
    gate_recorder,
    is_gate,
    is_relu,
    unseen_units,
)
from harness.measurements.correlation import correlation_recorder
from harness.measurements.finite import finite
from harness.measurements.layers import LAYERS, hookable
from harness.measurements.modules import named_parameters
from harness.measurements.watch import Watch
from harness.setting import Setting


@dataclass(frozen=True)
class LayerCall:
    """One call of a module that owns trainable parameters.

    Attributes:
        name: the module's name in the network.
        module: the module that was called.
        inputs: the module's input, without a graph. Autograd keeps the same tensor, so holding it costs no memory.
        edge: the place in the graph where gradients of the output arrive; it stays valid after a later in-place change
            of the output.
        version: version counter of the input at the call; it rises when the input is changed in place.
        output: the output of a convolution or a linear layer, without a graph; None for other layers. The layer that
            follows a convolution mostly keeps the same tensor anyway (batch norm does); no layer keeps the outputs of
            other layers.
        output_version: version counter of the output at the call.
        input_edge: the place in the graph where the input comes from; None for an input without a graph.
    """

    name: str
    module: nn.Module
    inputs: Tensor | None
    edge: GradientEdge | None
    version: int = 0
    output: Tensor | None = None
    output_version: int = 0
    input_edge: GradientEdge | None = None


@dataclass(frozen=True)
class Forward:
    """The results of the forward pass, with its graph, on which any number of backward passes can be made.

    Attributes:
        batch: the batch whose samples were passed through the network.
        outputs: the network's outputs, [N, ...]; for a classifier the logits [N, K].
        loss: scalar, the mean loss over the batch.
        calls: the calls of layers with parameters, in order.
        uncalled: parameters of modules that were not called, by name: unused, or used outside their module's forward.
        leaves: the network's arguments as leaves of the graph. Those of floating point require a gradient, so that an
            input Jacobian is one more backward pass on this graph; a pass for the parameters' gradients alone is not
            made slower by it.
        activations: the calls of `nn.ReLU` modules, in order.
        units: number of units that went through activations outside of `nn.ReLU` modules, by the operation's name.
        gates: the calls of `nn.GELU` and `nn.SiLU` modules, in order, in a pass that is to keep them.
    """

    batch: Batch
    outputs: Tensor
    loss: Tensor
    calls: tuple[LayerCall, ...]
    uncalled: dict[str, nn.Parameter]
    leaves: tuple[Tensor, ...]
    activations: tuple[Activation, ...]
    units: Mapping[str, int]
    gates: tuple[Activation, ...] = ()

    @property
    def inputs(self) -> Tensor:
        """The leaf [N, ...] of the only floating point argument.

        Raises:
            NotApplicable: where the network takes several arguments.
        """
        return self.leaves[self.batch.place_of_inputs()]

    @property
    def rows(self) -> Tensor:
        """The outputs flattened to [N, K]: K numbers per sample, whatever their shape."""
        return self.outputs.reshape(len(self.batch), -1)

    def relu_outputs(self) -> tuple[Tensor, ...]:
        """Outputs [N, ...] of all ReLUs, in the order of their calls, without a graph.

        Only `nn.ReLU` modules are read: the output of `torch.relu` belongs to no module, and for other activations
        (ReLU6, leaky ones) the sign of the output does not tell which linear piece is active.

        Raises:
            NotApplicable: when there is no ReLU, or the network has other activations beside, or an output does not
                have one row per sample, or was changed in place later; or where the samples are parts of one input.
            NotFinite: when an output holds NaN or infinity.
        """
        self.batch.check_independent("the pattern of a sample's ReLUs")
        if not self.activations:
            raise NotApplicable("the network calls no nn.ReLU module (a functional relu cannot be seen)")
        outputs = checked_outputs(self.activations, len(self.batch))
        if self.units:
            self._refuse(
                self.units, outputs, "nn.ReLU modules", "does not tell a linear piece, or belongs to no module"
            )
        return outputs

    def signed_outputs(self) -> tuple[Tensor, ...]:
        """Outputs [N, ...] of all ReLUs, then of all GELUs and SiLUs, without a graph.

        Raises:
            NotApplicable: when there is none, or the network has other activations beside, functions among them; and as
                for `relu_outputs`.
            NotFinite: when an output holds NaN or infinity.
        """
        self.batch.check_independent("the pattern of a sample's activations")
        calls = (*self.activations, *self.gates)
        if not calls:
            raise NotApplicable("the network calls no nn.ReLU, nn.GELU or nn.SiLU module (functions cannot be seen)")
        outputs = checked_outputs(calls, len(self.batch))
        unseen = unseen_units(self.units, self.gates)
        if unseen:
            self._refuse(unseen, outputs, "ReLU, GELU and SiLU modules", "is not read, or belongs to no module")
        return outputs

    def _refuse(self, units: Mapping[str, int], outputs: Sequence[Tensor], read: str, reason: str) -> NoReturn:
        seen, unseen = sum(output.numel() for output in outputs), sum(units.values())
        named = ", ".join(f"{name} {count:,}" for name, count in sorted(units.items()))
        raise NotApplicable(
            f"{read} are {seen:,} of {seen + unseen:,} units with an activation; the sign of the others {reason}: "
            f"{named}"
        )


def forward(network: nn.Module, batch: Batch, setting: Setting, requested: frozenset[str] = frozenset()) -> Forward:
    """One forward pass of the batch, recorded with its graph.

    Where `requested` names `relu_correlations`, hooks form those of the ReLUs' inputs; where it names `sign_patterns`,
    the outputs of GELUs and SiLUs are kept.

    Raises:
        NotApplicable: when the network has no trainable parameters, its outputs do not fit the batch's problem, or it
            uses a reentrant checkpoint, whose parameters autograd does not see.
        NotFinite: when an output is NaN or infinite, or an operation on the way gives such a number for finite ones.
    """
    correlated, gated = "relu_correlations" in requested, "sign_patterns" in requested
    return recorded_forward(network, batch, setting, watched=True, correlated=correlated, gated=gated)


def recorded_forward(
    network: nn.Module,
    batch: Batch,
    setting: Setting,
    watched: bool,
    correlated: bool = False,
    gated: bool = False,
) -> Forward:
    """As `forward`; overflow and activations of functions are found only in a pass that is watched.

    Correlations of the samples are formed only in one that is `correlated`, outputs of GELUs and SiLUs kept only in one
    that is `gated`.
    """
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise NotApplicable("the network has no trainable parameters: there is nothing to differentiate by")
    calls: list[LayerCall] = []
    activations: list[Activation] = []
    gates: list[Activation] = []
    watch, modules = Watch(), hookable(network)
    handles = watch.take_as_known(module for _, module in modules) if watched else []
    for name, module in modules:
        if any(parameter is not None and parameter.requires_grad for parameter in module._parameters.values()):
            handles.append(module.register_forward_hook(_recorder(name, calls)))
        if is_relu(module):
            handles.append(module.register_forward_pre_hook(watch.enter_activation, prepend=True))
            handles.append(module.register_forward_hook(watch.leave_activation, always_call=True))
            entered: list[Tensor | None] = []
            if correlated:
                handles.append(module.register_forward_pre_hook(correlation_recorder(entered)))
            handles.append(module.register_forward_hook(activation_recorder(name, activations, watch, entered)))
        elif gated and is_gate(module):
            handles.append(module.register_forward_hook(gate_recorder(name, gates)))
    leaves = tuple(each.clone().requires_grad_(each.is_floating_point()) for each in batch.arguments)
    try:
        with watch if watched else nullcontext():
            given = network(*(leaf.clone() for leaf in leaves))  # a leaf cannot be changed in place, its copy can
    finally:
        for handle in handles:
            handle.remove()
    outputs = batch.problem.check_outputs(given, batch.targets)
    _check_graph(outputs, network)
    finite(outputs.detach(), "the logits" if batch.problem.classes else "the outputs")
    watch.check(network)
    owned = {parameter for call in calls for parameter in call.module._parameters.values()}
    uncalled = {name: parameter for name, parameter in trainable(network).items() if parameter not in owned}
    loss = batch.problem.loss(setting.loss, outputs, batch.targets)
    return Forward(batch, outputs, loss, tuple(calls), uncalled, leaves, tuple(activations), watch.units, tuple(gates))


def _recorder(name: str, calls: list[LayerCall]) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
    def record(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        plain = len(inputs) == 1 and isinstance(inputs[0], Tensor) and isinstance(output, Tensor)
        plain = plain and not is_functorch_wrapped_tensor(output)  # of a sample alone, inside torch.vmap
        if not (plain and output.requires_grad and output.dtype == inputs[0].dtype):
            calls.append(LayerCall(name, module, None, None))
            return
        # detached here: a later `tensor.data = ...` changes neither what was read nor its version
        kept = output.detach() if isinstance(module, LAYERS) else None
        read = inputs[0]
        before = get_gradient_edge(read) if read.requires_grad else None
        calls.append(
            LayerCall(
                name, module, read.detach(), get_gradient_edge(output), read._version, kept, output._version, before
            )
        )

    return record


def _check_graph(outputs: Tensor, network: nn.Module) -> None:
    if any(node.name() == "CheckpointFunctionBackward" for node in _nodes(outputs)):
        raise NotApplicable(
            "the network calls torch.utils.checkpoint with use_reentrant=True, which hides the parameters inside from "
            "gradients by name; give it use_reentrant=False"
        )
    if not _reaches_any(outputs, set(trainable(network).values())):
        raise NotApplicable("the outputs do not depend on any trainable parameter")


def _reaches_any(output: Tensor, parameters: set[nn.Parameter]) -> bool:
    """Whether the graph of `output` contains one of the parameters; the leaf of the inputs is not a parameter."""
    return output in parameters or any(getattr(node, "variable", None) in parameters for node in _nodes(output))


def _nodes(output: Tensor) -> Iterator[Node]:
    """Every node of the graph of `output`, once each."""
    seen: set[Node] = set()
    waiting = [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        yield node
        seen.add(node)
        waiting.extend(function for function, _ in node.next_functions)


def trainable(network: nn.Module) -> dict[str, nn.Parameter]:
    """Trainable parameters by name, in the network's order; a shared parameter stands under its first name."""
    return {name: parameter for name, parameter in named_parameters(network).items() if parameter.requires_grad}


def gradients_of(objective: Tensor, parameters: dict[str, nn.Parameter]) -> tuple[Tensor, ...]:
    """Gradients of a scalar by every parameter, zeros for a parameter that it does not depend on; the graph is kept.

    Cost: one backward pass.
    """
    with nothing_hidden(parameters.values()):
        gradients = torch.autograd.grad(
            objective, list(parameters.values()), retain_graph=True, allow_unused=True, materialize_grads=True
        )
    return tuple(gradient.to_dense() if gradient.is_sparse else gradient for gradient in gradients)


@contextmanager
def nothing_hidden(parameters: Iterable[Tensor]) -> Iterator[None]:
    """Refuse a backward pass inside that adds to the parameters' `.grad`, which is None afterwards otherwise.

    Raises:
        NotApplicable: when an autograd function of the network calls `backward` by itself, so that the gradients by
            name lack what it adds.
    """
    leaves = list(parameters)
    for leaf in leaves:
        leaf.grad = None
    yield
    if any(leaf.grad is not None for leaf in leaves):
        raise NotApplicable(
            "an autograd function of the network calls backward() in its own backward pass, which hides the parameters "
            "inside from gradients by name; let it return their gradients"
        )
