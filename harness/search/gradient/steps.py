"""The steps of an epoch: their batches, a step itself, and the loss after the last."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

import torch
from torch import nn

from harness.search.gradient.adversarial import training_batch
from harness.search.gradient.graphs import accuracy_pct
from harness.search.gradient.method import Step
from harness.search.gradient.state import SearchTask, State


def steps_of_epoch(task: SearchTask, state: State, count: int) -> Iterator[Step]:
    """The steps of this epoch that are not done; each draws its batches when it is reached.

    Batches of steps that are done are drawn again and dropped, so that the generators of both parts stand as they did.
    """
    done = len(state.losses)
    batches = (
        task.split.batches(part, task.setting, task.seed, state.epoch, count) for part in ("training", "validation")
    )
    return (
        state.step(task, number, training.on(task.device), validation.on(task.device))
        for number, (training, validation) in islice(enumerate(zip(*batches, strict=True)), done, None)
    )


def one_step(step: Step, *, moves: bool) -> float:
    """A step of the architecture parameters, if `moves`, and one of the weights; gives the training loss.

    Where the weights rest, or are never trained, it is the loss of the former step.
    """
    method, setting = step.method, step.moment.setting
    seen = math.nan
    if method.joint and method.architecture_step is not None:
        return method.architecture_step(step)
    if moves and method.architecture_step is not None:
        seen = method.architecture_step(step)
        if not math.isfinite(seen):
            return seen
    if not method.trains_weights or (moves and method.in_turn):
        return seen
    with torch.no_grad():
        relaxed = step.relaxed("weights")
    loss = step.loss(training_batch(step, relaxed), relaxed)
    step.weight_optimizer.zero_grad()
    torch.autograd.backward(loss)
    norm = nn.utils.clip_grad_norm_(step.supernet.parameters(), setting.gradient_clip)
    step.weight_optimizer.step()
    if method.after_weights is not None:
        method.after_weights(step, norm)
    return float(loss.detach())


@torch.no_grad()
def evaluate(task: SearchTask, state: State) -> tuple[float, Step]:
    """Mean loss over batches of the validation part, relaxed as in the steps; and a step with the last batch.

    The loss is NaN where no weight is trained: that of random weights says nothing of a search.
    """
    setting = task.setting
    count = task.split.evaluation_batches(setting)
    plain = setting.changed({"augment": False})
    losses = []
    state.supernet.eval()  # nothing is dropped; batch norm is always by the batch
    for number, batch in enumerate(task.split.batches("validation", plain, task.seed, state.epoch, count)):
        placed = batch.on(task.device)
        step = state.step(task, number, placed, placed)
        if task.method.trains_weights:
            losses.append(float(step.loss(placed, step.relaxed("evaluation"))))
    state.supernet.train()
    return (math.fsum(losses) / len(losses) if losses else math.nan), step


@torch.no_grad()
def accuracy_on_graph(step: Step) -> float:
    """Accuracy in per cent of the supernet on the validation nodes, relaxed as in the steps, with nothing dropped."""
    step.supernet.eval()
    found = accuracy_pct(step.logits(step.validation, step.relaxed("evaluation")), step.validation.labels)
    step.supernet.train()
    return found
