"""DARTS: differentiable architecture search (Liu, Simonyan and Yang, ICLR 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.errors import SearchError
from harness.search.gradient.bilevel import by_parameters, first_order
from harness.search.gradient.method import Method, Step
from harness.search.gradient.relaxation import softmax
from harness.search.gradient.setting import SearchSetting

SOURCE = "Liu et al., DARTS: Differentiable Architecture Search, ICLR 2019"
RELATIVE_DIFFERENCE = 0.01


def second_order(step: Step) -> float:
    """Second-order step: descend L_val(w', α), w' = w − ξ ∇w L_train(w, α) with momentum and decay; gives L_val.

    The gradient (equations 7 and 8; ξ is the weights' learning rate)
        ∇α L_val(w', α) − ξ (∇α L_train(w⁺, α) − ∇α L_train(w⁻, α)) / 2ε,  w± = w ± ε ∇w' L_val,  ε = 0.01/‖∇w' L_val‖
    is the gradient of the unrolled objective, except for the central difference. The error of that falls with ε²,
    except where ReLUs turn on or off between w⁺ and w⁻: there the difference also contains jumps of the gradient, as in
    the authors' code.

    Cost: four forward and four backward passes; w stays as it is.
    """
    weights = {name: weight.detach() for name, weight in step.supernet.named_parameters()}
    rate = float(step.weight_optimizer.param_groups[0]["lr"])
    ahead = _one_step_ahead(step, weights, rate)
    loss = step.loss(step.validation, step.relaxed("parameters"), ahead)
    gradients = torch.autograd.grad(
        step.objective(loss),
        [*step.parameters.tensors(), *ahead.values()],
        allow_unused=True,
        materialize_grads=True,
    )
    count = len(step.parameters.tensors())
    direct, vector = gradients[:count], dict(zip(ahead, gradients[count:], strict=True))
    norm = float(torch.stack([part.square().sum() for part in vector.values()]).sum().sqrt())
    if norm == 0:  # no direction for a difference: the second term is 0
        step.descend(list(direct))
        return float(loss.detach())
    epsilon = RELATIVE_DIFFERENCE / norm
    above, below = (
        by_parameters(
            step.loss(step.training, step.relaxed("parameters"), perturbed(weights, vector, by)), step.parameters
        )
        for by in (epsilon, -epsilon)
    )
    step.descend(
        [first - rate * (up - down) / (2 * epsilon) for first, up, down in zip(direct, above, below, strict=True)]
    )
    return float(loss.detach())


def check_second_order(setting: SearchSetting, autocast: bool) -> None:
    """Refuse the difference of gradients in bfloat16.

    Raises:
        SearchError: for autocast, with the alternatives.
    """
    if autocast:
        raise SearchError(
            "autocast does not go with darts-second-order: its gradient holds the difference of two passes that are "
            "nearly equal, and bfloat16's rounding is larger than that. Take darts (first order), or leave autocast out"
        )


def perturbed(weights: dict[str, Tensor], direction: dict[str, Tensor], by: float) -> dict[str, Tensor]:
    """Perturbed weights w + ε v as parameters without gradients; `weights` w, `direction` v, `by` ε."""
    return {name: nn.Parameter(weight + by * direction[name], requires_grad=False) for name, weight in weights.items()}


def _one_step_ahead(step: Step, weights: dict[str, Tensor], rate: float) -> dict[str, Tensor]:
    """The weights w' after one step, by name, as leaves that require gradients."""
    own = dict(step.supernet.named_parameters())
    loss = step.loss(step.training, step.relaxed("parameters"))
    gradients = torch.autograd.grad(loss, list(own.values()), allow_unused=True, materialize_grads=True)
    group = step.weight_optimizer.param_groups[0]
    ahead: dict[str, Tensor] = {}
    for (name, parameter), gradient in zip(own.items(), gradients, strict=True):
        change = gradient + group["weight_decay"] * weights[name]
        momentum = step.weight_optimizer.state[parameter].get("momentum_buffer")
        if momentum is not None:
            change = change + group["momentum"] * momentum
        ahead[name] = nn.Parameter(weights[name] - rate * change)
    return ahead


FIRST_ORDER = Method(
    name="darts",
    summary="softmax weights, α by the validation loss at the current weights (first order)",
    source=SOURCE,
    relax=softmax,
    mean=softmax,
    architecture_step=first_order,
    graphs=True,
)

SECOND_ORDER = Method(
    name="darts-second-order",
    summary="softmax weights, α by the validation loss after one step of the weights",
    source=SOURCE,
    relax=softmax,
    mean=softmax,
    architecture_step=second_order,
    graphs=True,
    bounded=False,
    check=check_second_order,
)
