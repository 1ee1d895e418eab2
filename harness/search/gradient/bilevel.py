"""Steps of the architecture parameters by the gradient of a loss: first order, and on one level."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.search.gradient.method import Parameters, Step


def first_order(step: Step) -> float:
    """Descend the validation loss L_val(w, α) at the weights as they are; gives the loss without what is added to it.

    Cost: one forward and one backward pass.
    """
    loss = step.loss(step.validation, step.relaxed("parameters"))
    step.descend(by_parameters(step.objective(loss), step.parameters))
    return float(loss.detach())


def one_level(step: Step) -> float:
    """Descend the loss on the weights' own batch; gives that loss. Cost: one forward and one backward pass."""
    loss = step.loss(step.training, step.relaxed("parameters"))
    step.descend(by_parameters(step.objective(loss), step.parameters))
    return float(loss.detach())


def by_parameters(value: Tensor, parameters: Parameters) -> list[Tensor]:
    """Gradients of a value by the architecture parameters; zeros for those that it does not depend on."""
    return list(torch.autograd.grad(value, parameters.tensors(), allow_unused=True, materialize_grads=True))
