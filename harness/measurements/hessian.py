"""The loss's Hessian along the loss's gradient."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.errors import ran_out_of_memory
from harness.measurements.forward import Forward, trainable
from harness.measurements.gradient import Gradients, weights
from harness.measurements.inner_product import inner_product
from harness.measurements.second_order.second_derivative import Derivatives, second_derivative
from harness.measurements.second_order.tangents import NoRuleError

TOLERANCE = 1e-3


def hessian_form(network: nn.Module, forward: Forward, loss_gradient: Gradients) -> float:
    """θᵀ H g in float64, H = ∂²L/∂θ∂θ and g = ∂L/∂θ, θ the weights of convolutions and linear layers.

    Biases and norm layers are constants here.

    One sweep over the shared graph with what the loss's backward pass has found there: θ and g as two directions at
    once, four convolutions for one of the forward pass (`harness.measurements.second_order`). On NAS-Bench-201's
    heaviest cell it takes 1.8 s where the double backward pass takes 5.0. In float32 it was 10⁻⁶ from its float64 value
    where that was up to 3·10⁻⁵; a ReLU that changes sides with the precision moves both by more.

    The value comes from `hessian_gradient` instead where the graph holds an operation that has no rule in
    `harness.measurements.second_order.tangent_rules`: group norm and layer norm, activations other than ReLU and
    tanh, attention, powers other than squares, quotients by what depends on the weights, `addmm` with factors,
    sorting and extremes, custom autograd functions, full backward hooks of modules, changes in place of a part of a
    tensor. It does so too where a backward hook changes gradients, where hooks on saved tensors (non-reentrant
    checkpoints among them) hold a convolution's weight, and where a rule fails on what autograd saved.

    Raises:
        NotApplicable: as `Gradients.weights`.
        RuntimeError: where the memory does not suffice.

    Cost: a sweep that takes about as long as two backward passes, beside the one of `loss_gradient`. Without a rule,
    the cost of `hessian_gradient`.
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
        except (NoRuleError, AttributeError, RuntimeError, TypeError) as error:  # what autograd saves is no promise
            if ran_out_of_memory(error):
                raise
        finally:
            captured.adjoints.clear()
    return inner_product(weights(network), hessian_gradient(network, forward))


def _check(found: Derivatives, gradient: dict[nn.Parameter, Tensor]) -> None:
    """Refuse a sweep whose first derivatives are not the gradient's: a hook has changed what the backward pass found.

    θᵀg is a sum that cancels (behind batch norm it is 0), so that its error is measured by the sum of its terms' sizes.
    On cells of NAS-Bench-201 and DARTS in float32 both stray by less than 10⁻⁶.

    Raises:
        NoRuleError: when one differs by more than a thousandth.
    """
    squared = sum(float(tensor.double().square().sum()) for tensor in gradient.values())
    products = [parameter.detach().double() * tensor.double() for parameter, tensor in gradient.items()]
    scaled = sum(float(terms.sum()) for terms in products)
    size = sum(float(terms.abs().sum()) for terms in products)
    agrees = abs(found.moved - squared) <= TOLERANCE * squared and abs(found.scaled - scaled) <= TOLERANCE * size
    if not agrees:  # also where one is NaN
        raise NoRuleError("the sweep's derivatives are not those of the backward pass")


def hessian_gradient(network: nn.Module, forward: Forward) -> dict[str, Tensor]:
    """H g by weight name, H = ∂²L/∂W∂W and g = ∂L/∂W over the weights of convolutions and linear layers.

    Biases and norm layers are constants here: H has no rows for them.

    Reverse over reverse: the gradient with a graph of its own, then the gradient of g·∇L. On NAS-Bench-201's heaviest
    cell (C = 16, N = 5, batch 64, one thread), where a forward and backward pass takes 1.2 s, it takes 4.5 s and 1.0 GB
    beside the shared graph; forward over reverse takes 6.5 s and 2.4 GB. Two nested forward-mode passes
    (`torch.func.jvp`) need 0.3 GB but 8 s, and give a wrong number through batch norm in train mode, whose forward rule
    in PyTorch 2.13 holds for first derivatives only: they differ from finite differences, and with the order of the
    two directions.

    Raises:
        NotApplicable: as `Gradients.weights`.

    Cost: two backward passes, which take two to four times a plain forward and backward pass, and twice the memory of
    the shared graph.
    """
    parameters = trainable(network)
    chosen = {name: parameters[name] for name in weights(network)}
    gradients = torch.autograd.grad(
        forward.loss, list(chosen.values()), create_graph=True, allow_unused=True, materialize_grads=True
    )
    objective = torch.stack([(gradient.detach() * gradient).sum() for gradient in gradients]).sum()
    if not objective.requires_grad:  # the gradient is the same wherever the weights are
        return {name: torch.zeros_like(weight) for name, weight in chosen.items()}
    products = torch.autograd.grad(
        objective, list(chosen.values()), retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return dict(zip(chosen, products, strict=True))
