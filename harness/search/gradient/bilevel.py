"""Steps of the architecture parameters: first-order bilevel, and single-level."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.search.gradient.method import Parameters, Step


def first_order(step: Step) -> float:
    """First-order step: descend the validation loss L_val(w, α) at the current weights; gives L_val without penalty.

    Cost: one forward and one backward pass.
    """
    loss = step.loss(step.validation, step.relaxed("parameters"))
    step.descend(by_parameters(step.objective(loss), step.parameters))
    return float(loss.detach())


def one_level(step: Step) -> float:
    """Single-level step: descend the training loss; gives that loss. Cost: one forward and one backward pass."""
    loss = step.loss(step.training, step.relaxed("parameters"))
    step.descend(by_parameters(step.objective(loss), step.parameters))
    return float(loss.detach())


def by_parameters(value: Tensor, parameters: Parameters) -> list[Tensor]:
    """Gradients of a value by the architecture parameters; zeros where it does not depend on them."""
    return list(torch.autograd.grad(value, parameters.tensors(), allow_unused=True, materialize_grads=True))
