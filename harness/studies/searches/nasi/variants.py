"""NASI's steps on a small supernet with one thing changed: weights, batch norm, relaxation, inputs, loss, trace.

What changes the passes cannot be read from recorded steps; here each variant makes its own. The space is always that
with `none`, but for one variant: the derivation without it follows from the same steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from harness.batches import Batch
from harness.errors import SearchError
from harness.evaluation.columns import SPACE
from harness.search.gradient.data import Images, split_images
from harness.search.gradient.method import Moment, Parameters, Relaxed
from harness.search.gradient.nasi import trace_by_two_passes
from harness.search.gradient.relaxation import gumbel_softmax, softmax, straight_through
from harness.search.gradient.setting import SearchSetting
from harness.setting import derived_seed
from harness.spaces import open_space
from harness.spaces.initialisation import REDRAWN
from harness.spaces.space import searchable
from harness.spaces.supernet import MixedLayers
from harness.studies.searches.nasi.readings import NONE
from harness.studies.searches.nasi.steps import GROUP, Steps

if TYPE_CHECKING:
    from harness.spaces.supernet import Supernet

WIDTH, DEPTH, BATCH, SIDE, CLASSES = 8, 3, 16, 16, 10
STEPS, SEEDS = 50, 5

SupernetLoss = Callable[[Tensor, Tensor, torch.Generator], Tensor]
"""Logits [N, K], labels [N] and a generator to a scalar."""


@dataclass(frozen=True)
class Variant:
    """What differs from the base: NASI as the preset has it, on a small supernet.

    Attributes:
        words: the change in words; empty for the base.
        init: initialisation of the supernet's weights (`harness.spaces.initialisation`).
        fan_in: whether the weights are W = ω/√fan_in with ω of the initialisation, and the trace is by ω: the
            parameterisation of the NTK's theory.
        norm: whether batch norm normalises; without it, it passes its input on, times the operation's weight.
        relaxation: `gumbel`, `hard` (one operation an edge, straight-through) or `uniform` (no noise).
        temperature: τ of the Gumbel-softmax.
        images: whether inputs and labels are CIFAR-10's, averaged to the small side; else noise.
        loss: name in `LOSSES`.
        counted: the weights in the trace: `all`, `weights` (no norm's scale and shift), or `cells`.
        redrawn: whether each step draws new weights.
        none: whether the space has `none`.
        steps: number of steps, T.
    """

    words: str = ""
    init: str = "pytorch"
    fan_in: bool = False
    norm: bool = True
    relaxation: str = "gumbel"
    temperature: float = 1.0
    images: bool = False
    loss: str = "cross-entropy"
    counted: str = "all"
    redrawn: bool = False
    none: bool = True
    steps: int = STEPS


VARIANTS: Mapping[str, Variant] = {
    "base": Variant(),
    "none removed": Variant("`none` removed from the space", none=False),
    "kaiming": Variant("Kaiming (fan-in) weights", init="kaiming_fan_in"),
    "xavier": Variant("Xavier weights", init="xavier"),
    "normal": Variant("weights N(0, 1)", init="gaussian"),
    "ntk": Variant("NTK parameterisation, W = ω/√fan-in, ω ~ N(0, 1)", init="gaussian", fan_in=True),
    "no norm": Variant("no batch norm, Kaiming weights", init="kaiming_fan_in", norm=False),
    "no norm, ntk": Variant("no batch norm, NTK parameterisation", init="gaussian", fan_in=True, norm=False),
    "hard": Variant("one operation an edge, straight-through", relaxation="hard"),
    "uniform": Variant("no Gumbel noise", relaxation="uniform", steps=16),
    "tau 0.3": Variant("temperature 0.3", temperature=0.3),
    "tau 5": Variant("temperature 5", temperature=5.0),
    "images": Variant("CIFAR-10 images and labels", images=True),
    "squared": Variant("squared error", loss="squared error"),
    "logits": Variant("sum of the logits", loss="sum of logits"),
    "signs": Variant("logits under random signs: the NTK's whole trace, unbiased", loss="random signs"),
    "weights": Variant("trace of the weights alone", counted="weights"),
    "cells": Variant("trace of the cells' weights alone", counted="cells"),
    "redrawn": Variant("new weights each step", redrawn=True),
}
"""Variants by a short name, the base first."""


def _squared_error(logits: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    return (logits - functional.one_hot(labels, logits.shape[1])).square().sum(dim=1).mean()


def _random_signs(logits: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Σ v f for signs v, whose squared gradient norm has the NTK's trace as its mean (Hutchinson 1990)."""
    signs = 2 * torch.randint(2, logits.shape, generator=generator) - 1
    return (logits * signs).sum()


LOSSES: Mapping[str, SupernetLoss] = {
    "cross-entropy": lambda logits, labels, generator: functional.cross_entropy(logits, labels),
    "squared error": _squared_error,
    "sum of logits": lambda logits, labels, generator: logits.sum(dim=1).mean(),
    "random signs": _random_signs,
}


class WithoutNorm(TorchFunctionMode):
    """Inside, batch norm only scales and shifts, and does not normalise."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """The function's value, or the input of a batch norm times its scale plus its shift."""
        if func is not functional.batch_norm:
            return func(*args, **(kwargs or {}))
        given = dict(zip(("input", "running_mean", "running_var", "weight", "bias"), args, strict=False))
        given.update(kwargs or {})
        values = given["input"]
        for part, combine in ((given.get("weight"), torch.mul), (given.get("bias"), torch.add)):
            values = values if part is None else combine(values, part[:, None, None])
        return values


def variant_steps(variant: Variant, seed: int, *, images: Images | None = None, count: int | None = None) -> Steps:
    """The steps of a search under a variant.

    Args:
        variant: what is changed.
        seed: seed of the weights, the batches and all noise.
        images: CIFAR-10 of the small side, for a variant that takes images.
        count: number of steps; by default the variant's.

    Cost: two forward and two backward passes of the small supernet a step.
    """
    setting = SearchSetting(epochs=1, temperature=(variant.temperature, variant.temperature))
    supernet, found = small_supernet(variant, seed), []
    for number in range(variant.steps if count is None else count):
        if variant.redrawn and number:
            supernet = small_supernet(variant, derived_seed(seed, "nasi variant", "weights", str(number)))
        kept = {GROUP: torch.tensor(supernet.kept[GROUP])}
        moment = Moment(0, number, seed, setting, supernet.groups, kept)
        found.append(_step(variant, supernet, moment, small_batch(variant, moment, images)))
    traces, gradients, weights = (torch.stack(parts).double().numpy() for parts in zip(*found, strict=True))
    return Steps(seed, traces, gradients, weights)


def _step(variant: Variant, supernet: Supernet, moment: Moment, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Trace, its gradient by α [E, O], and the weights of the operations [E, O]."""

    def relaxed(start: Parameters) -> dict[str, Tensor]:
        return dict(_RELAXATIONS[variant.relaxation](start, moment, "trace").weights)

    def loss(start: Parameters, weights: Mapping[str, Tensor] | None) -> Tensor:
        arguments = (batch.inputs, relaxed(start))
        own = supernet(*arguments) if weights is None else functional_call(supernet, dict(weights), arguments)
        return LOSSES[variant.loss](own, batch.labels, moment.generator("signs"))

    like = next(supernet.parameters())
    start = Parameters({GROUP: torch.zeros(supernet.groups[GROUP].shape, dtype=like.dtype, requires_grad=True)})
    with nullcontext() if variant.norm else WithoutNorm():
        found = trace_by_two_passes(loss, dict(supernet.named_parameters()), start, _factors(variant, supernet))
    trace = torch.tensor(found.trace, dtype=torch.float64)
    return trace, found.gradient[GROUP], relaxed(start)[GROUP].detach()


_RELAXATIONS: Mapping[str, Callable[[Parameters, Moment, str], Relaxed]] = {
    "gumbel": gumbel_softmax,
    "hard": straight_through,
    "uniform": softmax,
}
"""Of `hard` the weights alone are taken: all operations are computed, as a straight-through gradient needs them."""


def small_batch(variant: Variant, moment: Moment, images: Images | None) -> Batch:
    """The batch of a step: noise with random labels, or images with their own."""
    generator = moment.generator("batch")
    if variant.images:
        if images is None:
            raise SearchError("the variant takes CIFAR-10 images, and there are none")
        places = torch.randint(len(images), (BATCH,), generator=generator)
        return split_images(images, moment.setting.validation_share, moment.seed).batch(places)
    inputs = torch.randn(BATCH, 3, SIDE, SIDE, generator=generator)
    return Batch(inputs, torch.randint(CLASSES, (BATCH,), generator=generator))


def small_supernet(variant: Variant, seed: int) -> Supernet:
    """The small supernet with the variant's weights."""
    space = searchable(open_space(SPACE))
    whole = torch.ones(space.supernet(width=4, depth=1).groups[GROUP].shape, dtype=torch.bool)
    whole[:, NONE] = variant.none
    supernet = space.supernet(width=WIDTH, depth=DEPTH, init=variant.init, seed=seed, operations={GROUP: whole})
    if variant.fan_in:
        with torch.no_grad():
            for name, count in _fan_in(supernet).items():
                supernet.get_parameter(name).div_(math.sqrt(count))
    return supernet


def _factors(variant: Variant, supernet: Supernet) -> dict[str, float]:
    """The factor of each weight's squared gradient in the trace, by name."""
    names = [name for name, _ in supernet.named_parameters()]
    factors = dict.fromkeys(names, 1.0)
    if variant.fan_in:  # by ω, W = ω/√fan-in: (∂L/∂ω)² = (∂L/∂W)²/fan-in
        factors |= {name: 1 / count for name, count in _fan_in(supernet).items()}
    if variant.counted != "all":
        kind = MixedLayers if variant.counted == "cells" else REDRAWN
        modules = [name for name, module in supernet.named_modules() if isinstance(module, kind)]
        counted = {f"{name}.{own}" for name in modules for own, _ in supernet.get_submodule(name).named_parameters()}
        factors |= {name: 0.0 for name in names if name not in counted}
    return factors


def _fan_in(supernet: Supernet) -> dict[str, int]:
    """Number of inputs of each convolution's and linear layer's output, by the name of its weight."""
    return {
        f"{name}.weight": module.weight[0].numel()
        for name, module in supernet.named_modules()
        if isinstance(module, REDRAWN)
    }
