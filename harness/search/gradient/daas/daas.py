"""DAAS: one path a step, and a policy of augmentations by the score function, together.

Wang, Chu, Yan and Yang, "DAAS: Differentiable Architecture and Augmentation Policy Search", 2021 (arXiv 2109.15273). Of
the paper the abstract alone was read: cell and policy are searched jointly, the cell on a single path by
Gumbel-softmax, the policy by policy gradients. All that follows is our reading.

A step draws one architecture A by hard Gumbel-softmax, straight through (as GDAS), and one sub-policy τ_b for each of B
sub-batches of the training batch. The weights descend the mean of the sub-batches' losses, w → w'. One pass of the
validation batch, which no policy touches, on the same path gives both ∇_α L_val(w', A), which the architecture
parameters descend, and ∇_w L_val(w', A), which rewards the sub-policies (`policy`). So a step costs what one of GDAS
does, but for the gradient by the weights of the validation pass, and that batch norm takes its statistics by sub-batch.

The order is part of the setting (`policy_search`): `joint`, all of it; `sequential`, in the first half of the epochs
the cell alone, in the second half the policy alone; `fixed`, the cell alone under a policy of equal probabilities.
While the architecture parameters warm up, cell and policy both rest.

Legend: α architecture parameters, w weights, θ logits of the policy, B sub-batches, K sub-policies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.errors import SearchError
from harness.search.gradient.daas import policy
from harness.search.gradient.daas.operations import check_kornia
from harness.search.gradient.daas.sub_policies import SubPolicy, augmented, named, sub_policies
from harness.search.gradient.method import Method, Relaxed, Step
from harness.search.gradient.relaxation import softmax, straight_through

if TYPE_CHECKING:
    from harness.search.gradient.data import Normalisation
    from harness.search.gradient.setting import SearchSetting

_SMALLEST = 2  # images of a sub-batch, of which batch norm takes statistics


def step(at: Step) -> float:
    """One step of weights, architecture parameters and policy; gives the training loss."""
    setting, moment = at.moment.setting, at.moment
    policies = sub_policies(setting)
    shares = policy.probabilities(at.memory, len(policies))
    chosen = policy.drawn(shares, setting.sub_batches, moment.generator("sub-policies"))
    relaxed = at.relaxed("step")
    loss, gradients = _train(at, relaxed, [policies[number] for number in chosen])
    cell, augmentation = moves(setting, moment.epoch)
    if not math.isfinite(loss) or not (cell or augmentation):
        return loss
    validation = at.loss(at.validation, relaxed)
    if not math.isfinite(float(validation.detach())):
        return float(validation.detach())
    alphas = at.parameters.tensors() if cell else []
    weights = list(gradients[0]) if augmentation else []
    slopes = torch.autograd.grad(validation, [*alphas, *weights], allow_unused=True, materialize_grads=True)
    if cell:
        at.descend(list(slopes[: len(alphas)]))
    if augmentation:
        ahead = dict(zip(weights, slopes[len(alphas) :], strict=True))
        rewards = torch.tensor([_product(ahead, each) for each in gradients], dtype=torch.float64, device="cpu")
        policy.ascend(at.memory, len(policies), chosen, rewards, setting.policy_lr)
    return loss


def moves(setting: SearchSetting, epoch: int) -> tuple[bool, bool]:
    """Whether the cell moves in an epoch, and whether the policy does."""
    if setting.warms_up(epoch):
        return False, False
    first = 2 * epoch < setting.epochs
    if setting.policy_search == "sequential":
        return first, not first
    return True, setting.policy_search == "joint"


def probabilities(memory: Mapping[str, Tensor], setting: SearchSetting) -> dict[str, float]:
    """The probability of each sub-policy by its name, from the memory of a search."""
    policies = sub_policies(setting)
    return named(policies, policy.probabilities(dict(memory), len(policies)))


def check(setting: SearchSetting, autocast: bool) -> None:
    """Refuse to go on without kornia, with a batch that has no equal sub-batches, or without an epoch for each part.

    Raises:
        SearchError: naming the extra, the sizes or the epochs.
    """
    check_kornia()
    if setting.policy_search == "sequential" and setting.epochs < 2:
        raise SearchError("policy_search 'sequential' needs an epoch for the cell and one for the policy, got 1")
    images, rest = divmod(setting.batch_size, setting.sub_batches)
    if rest or images < _SMALLEST:
        raise SearchError(
            f"sub_batches must be equal parts of a batch, of {_SMALLEST} images or more: {setting.sub_batches} do not "
            f"divide a batch of {setting.batch_size} so"
        )


def _train(at: Step, relaxed: Relaxed, drawn: list[SubPolicy]) -> tuple[float, list[dict[Tensor, Tensor]]]:
    """A step of the weights on augmented sub-batches; gives the mean loss, and each sub-batch's gradient by weight.

    Weights that no pass reaches have no gradient: SGD leaves them as they are, decay and momentum included.
    """
    fixed = Relaxed({name: table.detach() for name, table in relaxed.weights.items()}, active=relaxed.active)
    weights: list[Tensor] = list(at.supernet.parameters())
    generator = at.moment.generator("augmentations")
    losses, gradients = [], []
    for batch, sub_policy in zip(_sub_batches(at.training, len(drawn)), drawn, strict=True):
        loss = at.loss(_augmented(batch, sub_policy, at.normalisation, generator), fixed)
        slopes = torch.autograd.grad(loss, weights, allow_unused=True)
        losses.append(float(loss.detach()))
        gradients.append({weight: slope for weight, slope in zip(weights, slopes, strict=True) if slope is not None})
    at.weight_optimizer.zero_grad()
    for weight in gradients[0]:
        first, *others = (each[weight] for each in gradients)
        weight.grad = sum(others, first) / len(drawn)
    nn.utils.clip_grad_norm_(weights, at.moment.setting.gradient_clip)
    at.weight_optimizer.step()
    return math.fsum(losses) / len(losses), gradients


def _sub_batches(batch: Batch, count: int) -> list[Batch]:
    parts = zip(batch.inputs.chunk(count), batch.labels.chunk(count), strict=True)
    return [Batch(inputs, labels) for inputs, labels in parts]


def _augmented(
    batch: Batch, sub_policy: SubPolicy, normalisation: Normalisation | None, generator: torch.Generator
) -> Batch:
    """A normalised batch after a sub-policy, normalised again."""
    assert normalisation is not None
    pixels = augmented(normalisation.pixels(batch.inputs), sub_policy, generator)
    return Batch(normalisation.inputs(pixels), batch.labels)


def _product(one: Mapping[Tensor, Tensor], other: Mapping[Tensor, Tensor]) -> float:
    """Inner product of two gradients over the weights that both have."""
    return math.fsum(float((slope * other[weight]).sum()) for weight, slope in one.items())


METHOD = Method(
    name="daas",
    summary="one path a step by Gumbel-softmax, and a policy of augmentations by policy gradients (our reading)",
    source="Wang et al., DAAS: Differentiable Architecture and Augmentation Policy Search, 2021",
    relax=straight_through,
    mean=softmax,
    architecture_step=step,
    joint=True,
    one_path=True,
    bounded=False,
    policy=probabilities,
    reads=(
        "policy_operations", "policy_magnitudes", "policy_probabilities", "policy_lr", "policy_search", "sub_batches",
    ),
    check=check,
)  # fmt: skip
