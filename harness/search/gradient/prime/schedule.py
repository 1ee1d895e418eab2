"""Steps in which the architecture parameters move: every s-th, or by the Fisher information of the weights.

Legend: F exponential moving average of the squared norm of the weights' gradient; h threshold; s `schedule_steps`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.search.gradient.method import Method, Step

if TYPE_CHECKING:
    from harness.search.gradient.setting import SearchSetting

FISHER, THRESHOLD = "schedule/fisher", "schedule/threshold"
ALPHA_STEPS = "schedule/alpha_steps"
"""Name of the number of steps of α in each epoch, in the memory of a search: int64 [epochs]."""
FISHER_BY_STEP, THRESHOLD_BY_STEP = "schedule/fisher_by_step", "schedule/threshold_by_step"
"""Names of F after each step and of h before it, in the memory of a search: float64 [epochs, steps], NaN where none."""
FIRST_THRESHOLD, RISE, NEW_SHARE = 1.0, 1.05, 0.2


def threshold_after(threshold: float, *, moved: bool, steps: int) -> float:
    """The threshold h after a step: it falls by 1.05^−s where α moves, and rises by 1.05 where it does not.

    So h returns to where it was after one step that moves α and s that do not, and α moves in one step of s + 1 in the
    long run, whatever F is, as long as it changes slowly.
    """
    return threshold * (RISE**-steps if moved else RISE)


def moving_average(before: float, new: float) -> float:
    """F with a new value: 0.2 of it and 0.8 of what was before; the first value as it is (`before` NaN)."""
    return new if math.isnan(before) else NEW_SHARE * new + (1 - NEW_SHARE) * before


def scheduled(method: Method, schedule: str) -> Method:
    """The method with α moving in some steps only.

    `periodic`: in every s-th step of an epoch. `dynamic`: in the steps before which 0 < F < h (DARTS-PRIME). F is that
    of the gradients that trained the weights, over the whole supernet and before clipping: the trace of the empirical
    Fisher information of a batch. The weights move in every step. The numbers are those of the authors' code; its split
    of the images, 1 / (s + 1) of them for α, is `validation_share`.

    `step.memory` holds F, h, both of each step, and the number of steps of α in each epoch.
    """
    step = method.architecture_step
    assert step is not None
    is_due = {"periodic": _is_period, "dynamic": _is_below_threshold}[schedule]

    def step_if_due(at: Step) -> float:
        counts = at.memory.setdefault(ALPHA_STEPS, torch.zeros(at.moment.setting.epochs, dtype=torch.int64))
        if not is_due(at):
            return 0.0
        counts[at.moment.epoch] += 1
        return step(at)

    def watch(at: Step, norm: Tensor) -> None:
        if method.after_weights is not None:
            method.after_weights(at, norm)
        if schedule == "dynamic":
            _watch_fisher(at, norm)

    return replace(method, architecture_step=step_if_due, after_weights=watch, remark=_remark(method))


def alpha_steps(memory: Mapping[str, Tensor], setting: SearchSetting, steps: int) -> int:
    """Number of steps in which α has moved in a finished search.

    Args:
        memory: what the search has kept.
        setting: its setting.
        steps: steps of an epoch.
    """
    if ALPHA_STEPS in memory:
        return int(memory[ALPHA_STEPS].sum())
    return steps * sum(not setting.warms_up(epoch) for epoch in range(setting.epochs))


def _is_period(at: Step) -> bool:
    return (at.moment.step + 1) % at.moment.setting.schedule_steps == 0


def _is_below_threshold(at: Step) -> bool:
    memory, moment = at.memory, at.moment
    threshold = float(memory.get(THRESHOLD, FIRST_THRESHOLD))
    due = 0 < float(memory.get(FISHER, math.nan)) < threshold
    _by_step(at, THRESHOLD_BY_STEP)[moment.epoch, moment.step] = threshold
    after = threshold_after(threshold, moved=due, steps=moment.setting.schedule_steps)
    memory[THRESHOLD] = torch.tensor(after, dtype=torch.float64)
    return due


def _watch_fisher(at: Step, norm: Tensor) -> None:
    fisher = moving_average(float(at.memory.get(FISHER, math.nan)), float(norm) ** 2)
    at.memory[FISHER] = torch.tensor(fisher, dtype=torch.float64)
    _by_step(at, FISHER_BY_STEP)[at.moment.epoch, at.moment.step] = fisher


def _by_step(at: Step, name: str) -> Tensor:
    shape = (at.moment.setting.epochs, at.moment.steps)
    return at.memory.setdefault(name, torch.full(shape, math.nan, dtype=torch.float64))


def _remark(method: Method) -> Callable[[Mapping[str, Tensor], SearchSetting], str]:
    def remark(memory: Mapping[str, Tensor], setting: SearchSetting) -> str:
        own = "" if method.remark is None else method.remark(memory, setting)
        if own or ALPHA_STEPS not in memory or memory[ALPHA_STEPS].any():
            return own
        return f"α never moved: the schedule {setting.schedule} gave it no step. More steps, or fewer schedule_steps"

    return remark
