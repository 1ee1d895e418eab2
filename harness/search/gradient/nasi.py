"""NASI: search by the NTK's trace at initialisation, without training any weight (Shu et al., ICLR 2022).

Algorithm 1: the weights stay as drawn and α stays 0; each of T steps draws a batch and Gumbel noise, and gives
    G_t = ∇α R,  R = t − μ max(0, t − ν),  t = ‖∇θ L‖², L the mean loss of the relaxed supernet (equations 12 and 13);
    α* = (1/T) Σ_t G_t / max_{s≤t} ‖G_s‖ (equation 18), whose largest entries give the architecture.

Cost of the trace alone: one forward and one backward pass. Its gradient is a second derivative,
    ∇α ‖g‖² = 2 gᵀ ∂g/∂α = 2 d/dε ∇α L(θ + ε g) at ε = 0,  g = ∇θ L,
and there are three ways to compute it (`SearchSetting.trace_gradient`):

- `double_backward`, exact: backward through the backward pass; about 4 times the cost of the trace alone.
- `two_pass`, the default: the derivative along g as the difference of ∇α L at θ + ε g and at θ, ε = 10⁻⁴/‖g‖, with
  the ReLUs and the max pools of the second pass frozen as they were in the first
  (`search.gradient.frozen_activations`). The pass at θ, which gives the trace, gives ∇α L too. So the gradient costs
  one forward and one backward pass (by α alone) in addition to the trace, about 1.9 times the cost of the trace in all.
  Its error falls with ε until rounding dominates: in float32 with C = 16 and N = 5, its cosine with the exact gradient
  was 0.9992, 0.99995 and 0.99999 in three trials; with ε = 10⁻³/‖g‖ it was 0.947, 0.996 and 0.998. In bfloat16 the
  difference is mere rounding (cosine 0.07 to 0.39), so this is refused.
- `one_pass`: no cost in addition to the trace. The gradient of operation o's own weights on edge e is w_eo times the
  gradient that arrives there, so with everything else fixed ‖∇θ_eo L‖² grows as w_eo²: ∂t/∂w_eo ≈ 2 ‖∇θ_eo L‖²/w_eo.
  This is exact as that partial derivative, but a rough approximation of the gradient: it leaves out the effect of a
  weight on the other operations' gradients, so that operations without parameters (`none`, `skip_connect`, pools)
  get 0. On small NAS-Bench-201 supernets its mean over steps had a cosine of 0.5 to 0.6 with the exact gradient, and
  it chose nor_conv_3x3 on every edge.

The costs are those for C = 16, N = 2, 32 images of side 32 and one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from harness.errors import SearchError
from harness.search.gradient.bilevel import by_parameters
from harness.search.gradient.darts import perturbed
from harness.search.gradient.frozen_activations import FrozenActivations, RecordedActivations
from harness.search.gradient.method import Method, Moment, Parameters, Relaxed, Step
from harness.search.gradient.nasi_bound import remark_on_descent
from harness.search.gradient.relaxation import gumbel_softmax, softmax
from harness.search.gradient.setting import SearchSetting
from harness.spaces.supernet import MixedLayers, Supernet

SOURCE = "Shu et al., NASI: Label- and Data-agnostic Neural Architecture Search at Initialization, ICLR 2022"
RELATIVE_DIFFERENCE = 1e-4

Loss = Callable[[Parameters, "Mapping[str, Tensor] | None"], Tensor]
"""The loss of α and of weights by name, the network's own where they are None."""


class Trace(NamedTuple):
    """The trace on one batch.

    Attributes:
        loss: mean loss of the relaxed supernet.
        trace: t = ‖∇θ L‖².
        gradient: ∇α t by group, [E, O].
    """

    loss: float
    trace: float
    gradient: dict[str, Tensor]


def relax_at_start(parameters: Parameters, moment: Moment, purpose: str) -> Relaxed:
    """Gumbel-softmax weights at α = 0, since the parameters hold the result and not the point of evaluation."""
    return gumbel_softmax(_at_start(parameters), moment, purpose)


def trace_step(step: Step) -> float:
    """One step of algorithm 1: add a batch's normalised gradient of R to α*; gives the loss.

    `step.memory` holds the number of steps, the largest ‖G‖ and the sum of the traces, and of each step
    `trace_by_step` [T] and, for each group, `gradient_by_step/GROUP` [T, E, O], ∇α t without ν and μ, and
    `weights_by_step/GROUP` [T, E, O], the Gumbel-softmax weights of the operations. Since α stays 0, the result for any
    other ν or μ, or for fewer steps, follows from these.
    """
    setting, memory = step.moment.setting, step.memory
    loss, trace, gradient = TRACES[setting.trace_gradient](step)
    like = torch.zeros((), dtype=torch.float64)
    steps, largest, traces = (memory.get(name, like) for name in ("steps", "largest", "traces"))
    nu = (setting.nu + float(traces)) / (float(steps) + 1) if setting.adaptive else setting.nu
    factor = 1.0 - setting.mu if trace > nu else 1.0
    ascents = {name: factor * part for name, part in gradient.items()}
    norm = torch.stack([part.double().square().sum() for part in ascents.values()]).sum().sqrt().cpu()
    largest = torch.maximum(largest, norm)
    with torch.no_grad():
        for name, alpha in step.parameters.operations.items():
            share = ascents[name] / (float(largest) or 1.0)
            alpha.add_((share - alpha) / (float(steps) + 1))  # a running mean: at step T, equation 18
    memory.update(steps=steps + 1, largest=largest, traces=traces + trace)
    seen = {f"gradient_by_step/{name}": part for name, part in gradient.items()}
    drawn = gumbel_softmax(_at_start(step.parameters), step.moment, "trace").weights
    seen.update({f"weights_by_step/{name}": table for name, table in drawn.items()})
    seen["trace_by_step"] = torch.tensor(trace, dtype=torch.float64)
    for name, value in seen.items():
        row = value.detach().double().cpu()[None]
        if name in memory:
            memory[name] = torch.cat([memory[name], row])
        elif steps == 0:  # a checkpoint of an older version has no weights, and gets none for a part of its steps
            memory[name] = row
    return loss


def two_pass(step: Step) -> Trace:
    """∇α t by the difference of ∇α L at θ + ε g and at θ: one forward and one backward pass more than the trace."""

    def loss(start: Parameters, weights: Mapping[str, Tensor] | None) -> Tensor:
        return step.loss(step.training, gumbel_softmax(start, step.moment, "trace"), weights)

    return trace_by_two_passes(loss, dict(step.supernet.named_parameters()), _at_start(step.parameters))


def trace_by_two_passes(
    loss: Loss, weights: Mapping[str, Tensor], start: Parameters, factors: Mapping[str, float] | None = None
) -> Trace:
    """T = Σ_p c_p ‖∂L/∂θ_p‖² and its gradient by α, by the difference of ∇α L at θ + ε c g and at θ.

    Args:
        loss: the loss as a function of α and of the weights by name; the network's own where they are None.
        weights: the network's own weights θ by name.
        start: α, leaves that require gradients.
        factors: c by name, 1 where it is None: 0 leaves a weight out of the trace.
    """
    with RecordedActivations() as recorded:
        at = loss(start, None)
        found = torch.autograd.grad(
            at, [*weights.values(), *start.tensors()], allow_unused=True, materialize_grads=True
        )
    by_weights, before = dict(zip(weights, found, strict=False)), found[len(weights) :]
    scaled = by_weights if factors is None else {name: factors[name] * part for name, part in by_weights.items()}
    trace = torch.stack([(scaled[name].double() * part).sum() for name, part in by_weights.items()]).sum().item()
    if trace == 0:  # no direction for a difference, and t is minimal here
        return Trace(
            float(at.detach()), 0.0, {name: torch.zeros_like(table) for name, table in start.operations.items()}
        )
    epsilon = RELATIVE_DIFFERENCE / squared_norm(scaled) ** 0.5
    further = perturbed({name: weight.detach() for name, weight in weights.items()}, scaled, epsilon)
    with FrozenActivations(recorded):
        after = by_parameters(loss(start, further), start)
    differences = [2 * (up - down) / epsilon for up, down in zip(after, before, strict=True)]
    return Trace(float(at.detach()), trace, dict(zip(start.operations, differences, strict=True)))


def double_backward(step: Step) -> Trace:
    """∇α t exactly, by differentiating the backward pass."""
    start = _at_start(step.parameters)
    loss = step.loss(step.training, gumbel_softmax(start, step.moment, "trace"))
    by_weights = torch.autograd.grad(
        loss, list(step.supernet.parameters()), create_graph=True, allow_unused=True, materialize_grads=True
    )
    trace = torch.stack([part.square().sum() for part in by_weights]).sum()
    gradient = by_parameters(trace, start)
    return Trace(float(loss.detach()), float(trace.detach()), dict(zip(start.operations, gradient, strict=True)))


def one_pass(step: Step) -> Trace:
    """The part of ∇α t that the trace's own pass gives: 2 ‖∇θ_eo L‖²/w_eo by w_eo, then through the softmax."""
    weights = dict(step.supernet.named_parameters())
    loss, by_weights, _ = _gradients(step, weights)
    start = _at_start(step.parameters)
    relaxed = gumbel_softmax(start, step.moment, "trace").weights
    norms = {name: torch.zeros_like(table) for name, table in relaxed.items()}
    for name, (group, edge, operation) in _owners(step.supernet).items():
        norms[group][edge, operation] += by_weights[name].square().sum()
    by_mixture = [  # a weight that underflows to 0 passes no gradient on and gets none
        2 * norms[name] / table.detach().clamp_min(torch.finfo(table.dtype).tiny) for name, table in relaxed.items()
    ]
    gradient = torch.autograd.grad(list(relaxed.values()), start.tensors(), by_mixture)
    return Trace(loss, squared_norm(by_weights), dict(zip(start.operations, gradient, strict=True)))


TRACES: Mapping[str, Callable[[Step], Trace]] = {
    "two_pass": two_pass,
    "double_backward": double_backward,
    "one_pass": one_pass,
}


def check(setting: SearchSetting, autocast: bool) -> None:
    """Refuse settings without a meaningful result.

    Raises:
        SearchError: for a warm-up, since all steps of NASI count equally, and for differences in bfloat16.
    """
    if setting.alpha_warm_up:
        raise SearchError(f"NASI trains no weights to warm up: alpha_warm_up must be 0, got {setting.alpha_warm_up}")
    if autocast and setting.trace_gradient == "two_pass":
        raise SearchError(
            "autocast does not go with NASI's trace_gradient two_pass: it is the difference of two passes that are "
            "nearly equal, and bfloat16's rounding is larger than that. Take trace_gradient double_backward, or "
            "leave autocast out"
        )


def squared_norm(gradients: Mapping[str, Tensor]) -> float:
    """‖g‖² over all tensors, summed in float64."""
    return float(torch.stack([part.double().square().sum() for part in gradients.values()]).sum())


def _gradients(step: Step, weights: Mapping[str, Tensor]) -> tuple[float, dict[str, Tensor], list[Tensor]]:
    """The loss, its gradient by the weights' names, and its gradient by α at 0: one forward and one backward pass."""
    start = _at_start(step.parameters)
    loss = step.loss(step.training, gumbel_softmax(start, step.moment, "trace"))
    found = torch.autograd.grad(loss, [*weights.values(), *start.tensors()], allow_unused=True, materialize_grads=True)
    return float(loss.detach()), dict(zip(weights, found, strict=False)), list(found[len(weights) :])


def _owners(supernet: Supernet) -> dict[str, tuple[str, int, int]]:
    """Group, edge and operation by name of a weight; weights of no operation are left out."""
    owners = {}
    for prefix, cell in supernet.named_modules():
        if isinstance(cell, MixedLayers):
            operations = supernet.groups[cell.group].operations
            for name, _ in cell.named_parameters():
                edge, operation = name.split(".")[:2]
                owners[f"{prefix}.{name}"] = (cell.group, int(edge), operations.index(operation))
    return owners


def _at_start(parameters: Parameters) -> Parameters:
    """α = 0 of the same shapes, as leaves that require gradients."""
    return Parameters(
        {name: torch.zeros_like(alpha, requires_grad=True) for name, alpha in parameters.operations.items()}
    )


FIXED = Method(
    name="nasi",
    summary="gradient of the NTK's trace at initialisation, bounded by a fixed ν (NASI-FIX); --epochs 40 for 4T",
    source=SOURCE,
    relax=relax_at_start,
    mean=softmax,
    architecture_step=trace_step,
    deviation=0.0,
    trains_weights=False,
    data="noise",
    bounded=False,
    reads=("nu", "mu", "adaptive", "trace_gradient"),
    check=check,
    remark=remark_on_descent,
)

ADAPTIVE = replace(
    FIXED,
    name="nasi-ada",
    summary="as nasi, ν the running mean of ν₀ and the traces seen (NASI-ADA)",
)
