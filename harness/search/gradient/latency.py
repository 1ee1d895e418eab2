"""The objective `latency`: a predicted latency in the loss of the architecture parameters (LA-DARTS).

Xu, Xie, Zhang, Chen, Shi, Tian and Xiong, "Latency-Aware Differentiable Neural Architecture Search", 2020 (arXiv
2001.06392): the architecture parameters descend L_val(α) + λ LAT(α), where LAT is a predictor that is trained before
the search and stays as it is. The paper's abstract and reports on it were read, not its body. The encoding of a relaxed
architecture is our reading: its operation weights without noise, so that a linear or a pairwise predictor gives the
exact mean latency of the cells of their distribution.

With a target T in the place of λ, the term is λ_t (LAT(α) / T − 1), and λ_t moves after each step by the violation,

    λ_t ← max(0, λ_t + 0.03 (LAT(D(α)) / T − 1)),

dual ascent on the constraint LAT ≤ T; our own, not the paper's. The violation is that of the discrete architecture D(α)
that would be derived, not of the mean: the target is for that one, and they differ until α is nearly discrete. λ_t is
in nats and has no unit of time, so that one rate serves all devices. Cells are discrete, so that in the long run D(α)
moves between those on either side of the target. The search therefore chooses the last D(α) whose predicted latency is
within the target, or the last of all where none was. The bound is on the prediction: the true latency may be above it.

Legend: α architecture parameters, D their projection, λ and λ_t weights, T target.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.search.gradient.prime.projection import projections
from harness.search.gradient.terms import with_term

if TYPE_CHECKING:
    from harness.prediction.predictor import Predictor
    from harness.search.gradient.method import Method, Moment, Parameters, Relaxed, Step
    from harness.search.gradient.setting import SearchSetting
    from harness.spaces.space import Architecture

WITHIN = "latency/within/"
"""What the names of the last D(α) within the target begin with, in the memory of a search; the group's name follows."""
RATE = 0.03
"""Rate by which the multiplier moves with the relative violation; our choice."""
MULTIPLIER = "latency/multiplier"
"""Name of λ_t in the memory of a search: float64, from 0."""
MEAN, DISCRETE, WEIGHT, LOSS = "latency/mean", "latency/discrete", "latency/weight", "latency/loss"
"""Names in the memory of a search of LAT(α) and LAT(D(α)) after each step of α, of λ or λ_t in it, and of L_val before
it: float64 [epochs, steps], NaN where α did not move."""


def with_latency(method: Method, setting: SearchSetting, predictor: Predictor) -> Method:
    """The method with the predicted latency in the loss of its architecture parameters.

    Args:
        method: a method with a step that descends `Step.objective`.
        setting: its `latency_weight` is λ in nats per unit of the prediction; or `target_latency` T in that unit.
        predictor: the trained predictor.
    """
    target = setting.target_latency

    def term(parameters: Parameters, relaxed: Relaxed, moment: Moment, memory: dict[str, Tensor]) -> Tensor:
        mean = predictor(relaxed.weights, moment.groups)
        if target is None:
            return setting.latency_weight * mean
        return _multiplier(memory) * (mean / target - 1)

    @torch.no_grad()
    def after(at: Step, loss: float) -> None:
        memory, relaxed, moment = at.memory, method.mean(at.parameters, at.moment), at.moment
        discrete = projections(relaxed.weights, moment.kept, moment.groups, relaxed.edges)
        found = float(predictor(discrete, moment.groups))
        weight = setting.latency_weight if target is None else _multiplier(memory)
        values = {MEAN: float(predictor(relaxed.weights, moment.groups)), DISCRETE: found, WEIGHT: weight, LOSS: loss}
        for name, value in values.items():
            _by_step(memory, moment, name)[moment.epoch, moment.step] = value
        if target is not None:
            moved = max(0.0, weight + RATE * (found / target - 1))
            memory[MULTIPLIER] = torch.tensor(moved, dtype=torch.float64)
            if found <= target:
                memory.update({f"{WITHIN}{name}": table for name, table in discrete.items()})

    changed = with_term(method, term, "objective 'latency'", after)
    return changed if target is None else replace(changed, choose=_last_within)


def _last_within(at: Step) -> Architecture:
    """The last discrete architecture within the target; the present one where none was."""
    relaxed, moment = at.method.mean(at.parameters, at.moment), at.moment
    found = {name: at.memory.get(f"{WITHIN}{name}") for name in moment.groups}
    if all(table is not None for table in found.values()):
        return at.space.derive({name: table for name, table in found.items() if table is not None})
    kept = {name: mask.to(relaxed.weights[name].device) for name, mask in moment.kept.items()}
    return at.space.derive(relaxed.weights, relaxed.edges, kept)


def _multiplier(memory: dict[str, Tensor]) -> float:
    return float(memory.get(MULTIPLIER, 0.0))


def _by_step(memory: dict[str, Tensor], moment: Moment, name: str) -> Tensor:
    shape = (moment.setting.epochs, moment.steps)
    return memory.setdefault(name, torch.full(shape, math.nan, dtype=torch.float64, device="cpu"))
