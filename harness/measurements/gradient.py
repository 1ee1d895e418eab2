"""The gradient of the mean loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.nn.modules.conv import _ConvNd

from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.forward import Forward, LayerCall, gradients_of, trainable
from harness.measurements.second_order.tangents import Adjoint, NoRuleError
from harness.measurements.second_order.tape import Tape, adjoints_captured, tape_of

T = TypeVar("T", bound=Tensor)


class ChannelProducts(NamedTuple):
    """Products of the outputs of one call of a convolution or linear layer and the loss's gradients by them.

    Attributes:
        products: products [N, C], Σ_positions a ⊙ ∂L/∂a for the call's outputs a, by sample and output channel.
        weights_per_channel: number of the layer's weights that one output channel is computed with.
    """

    products: Tensor
    weights_per_channel: int


class Captured(NamedTuple):
    """The adjoints that the loss's backward pass has found at the operations that depend on the weights.

    Attributes:
        tape: the operations that depend on the weights.
        adjoints: adjoint by node of the graph; the sweep over the tape takes them out.
    """

    tape: Tape
    adjoints: dict[Node, Adjoint]


class Gradients(Mapping[str, Tensor]):
    """Gradients by parameter name, in the network's order, each of its parameter's shape.

    Args:
        gradients: gradients of all trainable parameters, by name.
        network: tells which parameters are weights of a convolution or a linear layer.
        channels: channel products for each call of such a layer, or the reason why there are none.
        captured: adjoints that the backward pass has found, for `hessian_form`; None where that is not requested or an
            operation has no rule.
    """

    def __init__(
        self,
        gradients: dict[str, Tensor],
        network: nn.Module,
        channels: list[ChannelProducts | NotApplicable],
        captured: Captured | None = None,
    ) -> None:
        self._gradients = gradients
        self._network = network
        self._channels = channels
        self.captured = captured

    def __getitem__(self, name: str) -> Tensor:
        return self._gradients[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._gradients)

    def __len__(self) -> int:
        return len(self._gradients)

    @property
    def weights(self) -> dict[str, Tensor]:
        """Only the trainable weights of convolutions and linear layers: no bias, no norm layer.

        Raises:
            NotApplicable: when the network has none, or a layer makes its weight from other parameters.
        """
        return _weights_of(self._network, self._gradients)

    @property
    def squared_norm(self) -> float:
        """‖∂L/∂θ‖² over every trainable parameter, summed in float64."""
        return float(sum(gradient.double().square().sum() for gradient in self.values()))

    @property
    def channels(self) -> list[ChannelProducts]:
        """Channel products of each call of a trainable convolution or linear layer that the loss depends on.

        Raises:
            NotApplicable: when the network calls no such layer, or one whose output cannot be seen.
        """
        for call in self._channels:
            if isinstance(call, NotApplicable):
                raise call
        return [call for call in self._channels if isinstance(call, ChannelProducts)]


def loss_gradient(network: nn.Module, forward: Forward, requested: frozenset[str] = frozenset()) -> Gradients:
    """Gradient of the batch's mean loss by every trainable parameter.

    Hooks form the channel products while the pass holds the outputs' gradients: they need no second pass and keep no
    gradient alive (a pass of their own would take half as long as this one; the products take a fifteenth of it).
    Only where `requested` names `hessian_form` are gradients kept, until that is computed.

    Raises:
        NotFinite: when a gradient is NaN or infinite.

    Cost: one backward pass on the shared forward pass.
    """
    parameters = trainable(network)
    channels: list[ChannelProducts | NotApplicable] = []
    layers = [call for call in forward.calls if isinstance(call.module, (_ConvNd, nn.Linear))]
    if not layers:
        channels.append(NotApplicable("the network calls no trainable convolution or linear layer"))
    if not forward.batch.independent:
        channels.append(NotApplicable("products by sample need samples that do not see each other"))
        layers = []
    handles = []
    for call in layers:
        if call.edge is None:
            name = call.name or "the network itself"
            channels.append(NotApplicable(f"layer {name!r} does not map one tensor to one that can be differentiated"))
        else:
            handles.append(call.edge.node.register_prehook(_product_recorder(call, len(forward.batch), channels)))
    tape = _tape(network, forward) if "hessian_form" in requested else ()
    try:
        with adjoints_captured(tape) as adjoints:
            gradients = gradients_of(forward.loss, parameters)
    finally:
        for handle in handles:
            handle.remove()
    for gradient in gradients:
        finite(gradient, "the loss's gradients")
    captured = Captured(tape, adjoints) if tape else None
    return Gradients(dict(zip(parameters, gradients, strict=True)), network, channels, captured)


def _tape(network: nn.Module, forward: Forward) -> Tape:
    """The tape of the loss; empty where one of its operations has no rule, or there are no weights."""
    try:
        return tape_of(forward.loss, _weights_of(network, trainable(network)).values())
    except (NoRuleError, NotApplicable):
        return ()


def _product_recorder(
    call: LayerCall, samples: int, channels: list[ChannelProducts | NotApplicable]
) -> Callable[[tuple[Tensor | None, ...]], None]:
    def record(gradients: tuple[Tensor | None, ...]) -> None:
        assert call.edge is not None
        gradient = gradients[call.edge.output_nr]
        if gradient is not None:
            channels.append(_channel_products(call, gradient, samples))

    return record


@torch.no_grad()
def _channel_products(call: LayerCall, gradient: Tensor, samples: int) -> ChannelProducts | NotApplicable:
    module, output = call.module, call.output
    assert isinstance(module, (_ConvNd, nn.Linear))
    assert output is not None
    assert call.inputs is not None
    if output.ndim < 2 or len(output) != samples:
        return NotApplicable(f"layer {call.name!r} gives {list(output.shape)}, not a row for each of {samples} samples")
    if output._version != call.output_version:  # an in-place activation: the layer computes its output again
        if call.inputs._version != call.version:
            return NotApplicable(f"input and output of layer {call.name!r} were both changed in place afterwards")
        output = module.forward(call.inputs)
    products = output * gradient
    if products.ndim > 2:
        channel = products.ndim - 1 if isinstance(module, nn.Linear) else 1
        products = products.movedim(channel, 1).flatten(2).sum(dim=2)
    return ChannelProducts(products, module.weight.numel() // products.shape[1])


def weights(network: nn.Module) -> dict[str, Tensor]:
    """Trainable weights of convolutions and linear layers by name, without a graph: no bias, no norm layer.

    Raises:
        NotApplicable: when the network has no such weight, or a layer makes its weight from other parameters.

    Cost: no pass.
    """
    return {name: weight.detach() for name, weight in _weights_of(network, trainable(network)).items()}


def _weights_of(network: nn.Module, by_name: Mapping[str, T]) -> dict[str, T]:
    names = weight_names(network)
    found = {name: tensor for name, tensor in by_name.items() if name in names}
    if not found:
        raise NotApplicable("the network has no trainable weight of a convolution or a linear layer")
    return found


def weight_names(network: nn.Module) -> frozenset[str]:
    """Names of the weights of convolutions and linear layers.

    Raises:
        NotApplicable: when a layer makes its weight from other parameters, as weight norm does.
    """
    layers = {name: module for name, module in network.named_modules() if isinstance(module, (_ConvNd, nn.Linear))}
    for name, module in layers.items():
        own = {parameter for parameter, _ in module.named_parameters(recurse=False)}
        if "weight" not in own or not own <= {"weight", "bias"}:
            raise NotApplicable(
                f"layer {name or 'the network itself'!r} makes its weight from other parameters "
                f"({', '.join(sorted(dict(module.named_parameters())))}): whose gradient counts is not defined"
            )
    return frozenset(f"{name}.weight" if name else "weight" for name in layers)
