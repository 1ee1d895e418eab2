"""The loss's Hessian applied to the loss's gradient."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.errors import NotApplicable, ran_out_of_memory
from harness.measurements.forward import Forward, trainable
from harness.measurements.gradient import Gradients
from harness.measurements.inner_product import inner_product
from harness.measurements.second_order.second_derivative import Derivatives, second_derivative
from harness.measurements.second_order.tangents import NoRuleError
from harness.measurements.weights import weights

TOLERANCE = 1e-3


def hessian_form(network: nn.Module, forward: Forward, loss_gradient: Gradients) -> float:
    """Quadratic form θᵀ H g in float64, H = ∂²L/∂θ∂θ and g = ∂L/∂θ, θ the weights.

    Biases and norm layers are constants here.

    One sweep over the shared graph with the adjoints that the loss's backward pass has found: tangents along θ and
    along g go through it together, four convolutions for each one of the forward pass
    (`harness.measurements.second_order`). On NAS-Bench-201's heaviest cell it takes 1.8 s where the double backward
    pass takes 5.0 s. In float32 its error against float64 was 10⁻⁶, where that of the double backward pass was up to
    3·10⁻⁵; a ReLU whose sign changes with the precision makes both errors larger.

    The value comes from `hessian_gradient` instead where the graph holds an operation that has no rule in
    `harness.measurements.second_order.tangent_rules`: group norm and layer norm, activations other than ReLU and
    tanh, attention, powers other than squares, a division by something that depends on the weights, `addmm` with
    factors, sorting, minimum and maximum, custom autograd functions, full backward hooks of modules, an in-place change
    of a part of a tensor. The same holds where a backward hook changes gradients, where hooks on saved tensors
    (non-reentrant checkpoints among them) hold a convolution's weight, and where a rule cannot read a tensor that
    autograd saved.

    Raises:
        NotApplicable: when the network has no such weight, or a layer makes its weight from other parameters.
        RuntimeError: where the memory does not suffice.

    Cost: a sweep that takes about as long as two backward passes, in addition to the backward pass of `loss_gradient`.
    Where an operation has no rule, the cost of `hessian_gradient`.
    """
    gradients = loss_gradient.weights
    parameters = {name: parameter for name, parameter in trainable(network).items() if name in gradients}
    captured = loss_gradient.captured
    if captured is not None:
        try:
            direction = {parameter: gradients[name] for name, parameter in parameters.items()}
            found = second_derivative(captured.tape, captured.adjoints, parameters.values(), direction)
            _check(found, direction)
            return found.second
        except (
            NoRuleError,
            AttributeError,
            RuntimeError,
            TypeError,
        ) as error:  # the names of what autograd saves are not a public interface
            if ran_out_of_memory(error):
                raise
        finally:
            captured.adjoints.clear()
    return inner_product(weights(network), hessian_gradient(network, forward))


def _check(found: Derivatives, gradient: dict[nn.Parameter, Tensor]) -> None:
    """Refuse a sweep whose first derivatives do not match the gradient: a hook has changed the backward pass.

    The terms of θᵀg cancel (before batch norm the sum is 0), so its error is relative to the sum of their absolute
    values. On cells of NAS-Bench-201 and DARTS in float32 both errors are below 10⁻⁶.

    Raises:
        NoRuleError: when one of the derivatives differs by more than a thousandth.
    """
    squared = sum(float(tensor.double().square().sum()) for tensor in gradient.values())
    products = [parameter.detach().double() * tensor.double() for parameter, tensor in gradient.items()]
    along_weights = sum(float(terms.sum()) for terms in products)
    size = sum(float(terms.abs().sum()) for terms in products)
    agrees = (
        abs(found.along_direction - squared) <= TOLERANCE * squared
        and abs(found.along_weights - along_weights) <= TOLERANCE * size
    )
    if not agrees:  # also where one is NaN
        raise NoRuleError("the sweep's derivatives are not those of the backward pass")


def hessian_gradient(network: nn.Module, forward: Forward) -> dict[str, Tensor]:
    """Hessian-gradient product H g by weight name, H = ∂²L/∂W∂W and g = ∂L/∂W over the weights W.

    Biases and norm layers are constants here: H has no rows for them.

    Reverse over reverse: the gradient with a graph of its own, then the gradient of g·∇L. On NAS-Bench-201's heaviest
    cell (C = 16, N = 5, batch 64, one thread), where a forward and backward pass takes 1.2 s, it takes 4.5 s and 1.0 GB
    in addition to the shared graph; forward over reverse takes 6.5 s and 2.4 GB. Two nested forward-mode passes
    (`torch.func.jvp`) need 0.3 GB but 8 s, and give a wrong number through batch norm in train mode: its forward rule
    in PyTorch 2.13 holds for first derivatives only, and the result differs from finite differences and depends on the
    order of the two directions.

    Raises:
        NotApplicable: when the network has no such weight, or a layer makes its weight from other parameters.

    Cost: two backward passes, which take two to four times as long as a plain forward and backward pass, and twice the
    memory of the shared graph.
    """
    parameters = trainable(network)
    chosen = {name: parameters[name] for name in weights(network)}
    gradients = torch.autograd.grad(
        forward.loss, list(chosen.values()), create_graph=True, allow_unused=True, materialize_grads=True
    )
    objective = torch.stack([(gradient.detach() * gradient).sum() for gradient in gradients]).sum()
    if not objective.requires_grad:  # the gradient does not depend on the weights
        return {name: torch.zeros_like(weight) for name, weight in chosen.items()}
    try:
        products = torch.autograd.grad(
            objective, list(chosen.values()), retain_graph=True, allow_unused=True, materialize_grads=True
        )
    except (RuntimeError, NotImplementedError) as error:
        if "not implemented" not in str(error):
            raise
        raise NotApplicable(f"PyTorch has no second derivative of the network: {error}") from error
    return dict(zip(chosen, products, strict=True))
