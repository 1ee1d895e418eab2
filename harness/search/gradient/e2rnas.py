"""E2RNAS: the architecture parameters descend loss, size and robust loss together, along MGDA's min-norm direction.

Yue, Lin, Huang and Zhang, "Effective, Efficient and Robust Neural Architecture Search", 2020 (arXiv 2011.09820). Of the
paper the abstract was read, and the first author's working code of that month, line by line. There each step of α takes
the gradients of the validation loss on clean images and of a size n(α), and descends their min-norm combination; the
weights learn on attacked images (`harness.search.gradient.adversarial`). A later option of that code adds the loss on
attacked images as a third objective.

What is ours: the first-order step (the code has DARTS's second-order one: `dataclasses.replace(METHOD,
architecture_step=...)` takes a step of one's own); the size in real parameters (`expected_size`), as a share of what
lies between the smallest and the largest network, so that raw gradients can be compared; an exact solver, where theirs
keeps weights within 0.001 and 0.999 for two objectives, and iterates for three. How the paper bounds n(α) was not read.
The forms are readings of that code at different times:

    max          max(n, L), the code of March 2021. Once n ≤ L its gradient is zero, so is the min-norm point, and the
                 exact solver gives α no gradient any more, however large the loss: MGDA takes a zero gradient for an
                 optimum. What still moves α is Adam's momentum, which dies out, and a weight decay, which draws it
                 to uniform weights.
    abs          |n − L|, the code after it: the size is pulled towards L from both sides, and nothing stalls.
    max_dropped  max(n, L), left out of the step while n ≤ L; our remedy.

The code of the paper's month has max(1, L − n), which pushes the size up to L and is flat above; it is not offered.

Legend: α architecture parameters, K objectives, P numbers in α; g gradients [K, P], w weights [K]; n size, L bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.search.gradient.adversarial import attacked
from harness.search.gradient.bilevel import by_parameters
from harness.search.gradient.expected_size import expected_size
from harness.search.gradient.method import Method, Step
from harness.search.gradient.min_norm import min_norm_weights
from harness.search.gradient.relaxation import softmax
from harness.search.gradient.table_supernet import TableSupernet

if TYPE_CHECKING:
    from harness.search.gradient.setting import SearchSetting

WEIGHTS, VALUES, NORMS = "mgda/weights", "mgda/values", "mgda/norms"
"""Names in the memory of a search of w, the objectives and ‖g‖ in each step of α: float64 [epochs, steps, K], loss
first, then those of the setting's `mgda` in its order; NaN where α did not move."""
SIZE = "mgda/parameters"
"""Name of n(α) before each step of α: float64 [epochs, steps]; there where the size is an objective."""


def step(step: Step) -> float:
    """Descend Σ wᵢ gᵢ, w the min-norm weights of the gradients by α; gives the loss on clean images.

    With `mgda_gradients` l2 the weights are those of gᵢ over their norms (zero stays zero), and the gradients that they
    are applied to are as they were, as in the code. Two of them then always get ½ and ½, since both have the length 1:
    their l2 form is a search with even fixed weights, and its direction need not descend both objectives.

    Cost: a forward and a backward pass, and two of both for the objective `robust`.
    """
    setting = step.moment.setting
    values, rows = {}, []
    for name, objective in _objectives(step).items():
        value = objective()
        values[name] = float(value.detach())
        rows.append(torch.cat([part.flatten() for part in by_parameters(value, step.parameters)]).double())
    gradients = torch.stack(rows)
    norms = gradients.norm(dim=1)
    used = gradients / torch.where(norms > 0, norms, 1)[:, None] if setting.mgda_gradients == "l2" else gradients
    taken = torch.tensor([name != "size" or not _is_met(step) for name in values], device=used.device)
    weights = torch.zeros_like(norms)
    weights[taken] = min_norm_weights(used[taken] @ used[taken].T)
    _remember(step, {WEIGHTS: weights, VALUES: torch.tensor(list(values.values())), NORMS: norms})
    step.descend(by_parameters(step.objective(_along(step, weights @ gradients)), step.parameters))
    return values["loss"]


def bounded(size: Tensor, setting: SearchSetting) -> Tensor:
    """The size n, a scalar, with the setting's bound L: max(n, L) or |n − L|; n itself without one."""
    if setting.size_bound is None:
        return size
    if setting.bound_form == "abs":
        return (size - setting.size_bound).abs()
    return (
        size.clamp(min=setting.size_bound)
        if float(size.detach()) > setting.size_bound
        else 0 * size + setting.size_bound
    )


def _objectives(step: Step) -> Mapping[str, Callable[[], Tensor]]:
    """The objectives by name, loss first."""
    every: dict[str, Callable[[], Tensor]] = {
        "robust": lambda: _robust_loss(step),
        "size": lambda: _size_share(step),
    }
    own: dict[str, Callable[[], Tensor]] = {"loss": lambda: step.loss(step.validation, step.relaxed("parameters"))}
    return own | {name: every[name] for name in step.moment.setting.mgda}


def _robust_loss(step: Step) -> Tensor:
    """The validation loss on attacked images; on a table the expected loss of its second column."""
    relaxed = step.relaxed("parameters")
    if isinstance(step.supernet, TableSupernet):
        return step.supernet.expected_loss(relaxed.weights, relaxed.active, robust=True)
    return step.loss(attacked(step, step.validation, relaxed, "parameters"), relaxed)


def _size_share(step: Step) -> Tensor:
    """The bounded size, as a share of what lies between the smallest and the largest expected size."""
    sizes = expected_size(step.space, step.moment.groups, step.moment.setting)
    size = sizes(step.method.mean(step.parameters, step.moment).weights)
    moment = step.moment
    table = step.memory.setdefault(SIZE, _nan(moment.setting.epochs, moment.steps))
    table[moment.epoch, moment.step] = float(size.detach())
    value = bounded(size, moment.setting)
    start = 0.0 if moment.setting.size_bound is not None and moment.setting.bound_form == "abs" else sizes.least
    return (value - start) / (sizes.most - sizes.least)


def _is_met(step: Step) -> bool:
    """Whether the bound on the size is met and the objective is therefore left out of this step."""
    setting, moment = step.moment.setting, step.moment
    if setting.size_bound is None or setting.bound_form != "max_dropped":
        return False
    return float(step.memory[SIZE][moment.epoch, moment.step]) <= setting.size_bound


def _along(step: Step, direction: Tensor) -> Tensor:
    """A linear function of α whose gradient is the direction [P], so that penalties can join it."""
    tensors = step.parameters.tensors()
    parts = torch.split(direction, [tensor.numel() for tensor in tensors])
    terms = [(tensor * part.view_as(tensor).to(tensor)).sum() for tensor, part in zip(tensors, parts, strict=True)]
    return torch.stack(terms).sum()


def _remember(step: Step, values: Mapping[str, Tensor]) -> None:
    moment = step.moment
    for name, value in values.items():
        table = step.memory.setdefault(name, _nan(moment.setting.epochs, moment.steps, len(value)))
        table[moment.epoch, moment.step] = value.detach().double().cpu()


def _nan(*shape: int) -> Tensor:
    return torch.full(shape, math.nan, dtype=torch.float64, device="cpu")


METHOD = Method(
    name="e2rnas",
    summary="DARTS (first order) on attacked images, α along MGDA's min-norm direction of loss, size and robust loss",
    source="Yue et al., Effective, Efficient and Robust Neural Architecture Search, 2020",
    relax=softmax,
    mean=softmax,
    architecture_step=step,
    reads=("mgda", "mgda_gradients", "size_bound", "bound_form"),
)
"""The objectives and the attack are in its presets (`mgda` size, `adversarial` rfgsm_clean)."""
