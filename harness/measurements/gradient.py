"""The gradient of the mean loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from torch import Tensor, nn
from torch.autograd.graph import Node

from harness.errors import NotApplicable
from harness.measurements.correlation_hooks import recorded_correlations
from harness.measurements.finite import finite
from harness.measurements.forward import Forward, gradients_of, trainable
from harness.measurements.product_hooks import Products, recorded_products
from harness.measurements.second_order.tangents import Adjoint, NoRuleError
from harness.measurements.second_order.tape import Tape, adjoints_captured, tape_of
from harness.measurements.weights import weights_of


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
        network: tells which parameters are weights.
        products: what hooks have recorded for `channel_products`.
        captured: adjoints that the backward pass has found, for `hessian_form`; None where that is not requested or an
            operation has no rule.
        correlations: what hooks have formed for `relu_correlations`.
    """

    def __init__(
        self,
        gradients: dict[str, Tensor],
        network: nn.Module,
        products: Products,
        captured: Captured | None = None,
        correlations: dict[int, Tensor | None] | None = None,
    ) -> None:
        self._gradients = gradients
        self._network = network
        self.products = products
        self.captured = captured
        self.correlations = correlations or {}

    def __getitem__(self, name: str) -> Tensor:
        return self._gradients[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._gradients)

    def __len__(self) -> int:
        return len(self._gradients)

    @cached_property
    def weights(self) -> dict[str, Tensor]:
        """Only the trainable weights (see `harness.measurements.weights`): no bias, no norm layer.

        Raises:
            NotApplicable: when the network has none, or a layer makes its weight from other parameters.
        """
        return weights_of(self._network, self._gradients)

    @property
    def squared_norm(self) -> float:
        """‖∂L/∂θ‖² over every trainable parameter, summed in float64."""
        return float(sum(gradient.double().square().sum() for gradient in self.values()))


def loss_gradient(network: nn.Module, forward: Forward, requested: frozenset[str] = frozenset()) -> Gradients:
    """Gradient of the batch's mean loss by every trainable parameter.

    Where `requested` names `channel_products` or `relu_correlations`, hooks form them; where it names `hessian_form`,
    gradients of operations are kept until that is computed.

    Raises:
        NotFinite: when a gradient is NaN or infinite.

    Cost: one backward pass on the shared forward pass.
    """
    parameters = trainable(network)
    independent = forward.batch.independent
    by_sample = independent and "channel_products" in requested
    correlated = independent and "relu_correlations" in requested
    tape = _tape(network, forward) if "hessian_form" in requested else ()
    with (
        recorded_products(forward if by_sample else None) as products,
        recorded_correlations(forward if correlated else None) as correlations,
        adjoints_captured(tape) as adjoints,
    ):
        gradients = gradients_of(forward.loss, parameters)
    for gradient in gradients:
        finite(gradient, "the loss's gradients")
    captured = Captured(tape, adjoints) if tape else None
    return Gradients(dict(zip(parameters, gradients, strict=True)), network, products, captured, correlations)


def _tape(network: nn.Module, forward: Forward) -> Tape:
    """The tape of the loss; empty where one of its operations has no rule, or there are no weights."""
    try:
        return tape_of(forward.loss, weights_of(network, trainable(network)).values())
    except (NoRuleError, NotApplicable):
        return ()
