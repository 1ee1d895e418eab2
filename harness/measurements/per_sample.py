"""Kernels from per-sample gradients formed layer by layer: one backward pass for the whole batch.

Row n is the gradient that flows through sample n's own activations. In eval mode that is the row of the Jacobian. With
batch norm in train mode it ignores the effect of sample n on the other samples through the batch statistics, as HNAS's
code does; the exact forms are in `harness.measurements.trace`.

Legend: N samples, K outputs; `calls` are the calls of layers with parameters, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.forward import Forward, LayerCall
from harness.measurements.layer_rules import rule_for

Selection = Callable[[nn.Module, str], bool]


def ntk_trace_per_sample(forward: Forward) -> float:
    """NTK trace without coupling: Σ over samples and outputs of the squared norm of the per-sample gradient.

    Over all trainable parameters.

    Cost: K backward passes.
    """
    total = 0.0
    for output in forward.rows.sum(dim=0):
        for gradients in per_sample_gradients(output, forward, _everything):
            total += float(gradients.square().sum(dtype=torch.float64))
    return total


def target_logit_gram(forward: Forward, batch: Batch) -> Tensor:
    """Gram matrix [N, N] of the per-sample gradients of the target logit f_{y_n}(x_n).

    Over weights and biases of convolutions and linear layers, as in HNAS's code (Shu et al., NeurIPS 2022).

    Cost: one backward pass.
    """
    targets = forward.outputs.gather(1, batch.labels[:, None]).sum()
    return _gram(targets, forward, _convolutions_and_linear)


def logit_sum_gram(forward: Forward) -> Tensor:
    """Gram matrix [N, N] of the per-sample gradients of the sum of all logits at x_n.

    Over parameters called `weight` (convolutions, linear and norm layers), as TE-NAS (Chen et al. 2021) selects them.

    Cost: one backward pass.
    """
    return _gram(forward.outputs.sum(), forward, lambda _, parameter: parameter == "weight")


def _gram(objective: Tensor, forward: Forward, select: Selection) -> Tensor:
    """Gram matrix [N, N], summed in float64 and returned in the network's dtype, which tells how precise it is.

    Raises:
        NotApplicable: when no trainable parameter is selected.
        NotFinite: when a gradient is NaN or infinite.
    """
    samples = len(forward.batch)
    gram = torch.zeros(samples, samples, dtype=torch.float64, device=objective.device)
    for gradients in per_sample_gradients(objective, forward, select):
        gram += gradients.double() @ gradients.double().T
    if not _uses(forward.calls, samples, select):
        raise NotApplicable("the network calls no layer with a trainable parameter of the kind that this kernel reads")
    return finite(gram, "the kernel's entries").to(objective.dtype)


def per_sample_gradients(objective: Tensor, forward: Forward, select: Selection) -> Iterator[Tensor]:
    """Per-sample gradients of `objective`, [N, size] for each selected parameter.

    For a parameter that is used several times, the contributions of its uses are summed.

    Raises:
        NotApplicable: naming the layer or parameter whose per-sample gradients are not known, or when the samples are
            parts of one input, so that no row of a layer's output belongs to one sample alone.
    """
    forward.batch.check_independent("a gradient by sample")
    calls = forward.calls
    uses = _uses(calls, len(forward.batch), select)
    edges: list[Any] = [call.edge for call in calls if call.edge is not None]
    found = torch.autograd.grad(objective, [*edges, *forward.uncalled.values()], retain_graph=True, allow_unused=True)
    for name, gradient in zip(forward.uncalled, found[len(edges) :], strict=True):
        if gradient is not None:
            raise NotApplicable(f"parameter {name!r} is used outside its module's forward: its layer cannot be seen")
    for parameter_uses in uses.values():
        parts = [
            rule_for(call.name, call.module)(call.module, call.inputs, gradient)[name]
            for index, name in parameter_uses
            if (call := calls[index]).inputs is not None and (gradient := found[index]) is not None
        ]
        if parts:
            yield sum(parts[1:], parts[0]).reshape(len(parts[0]), -1)


def _uses(calls: tuple[LayerCall, ...], samples: int, select: Selection) -> dict[nn.Parameter, list[tuple[int, str]]]:
    """Uses of each selected parameter: the index of the call and the parameter's name in the module."""
    uses: dict[nn.Parameter, list[tuple[int, str]]] = {}
    for index, call in enumerate(calls):
        for name, parameter in call.module.named_parameters(recurse=False):
            if parameter.requires_grad and select(call.module, name):
                _check_call(call, samples)
                uses.setdefault(parameter, []).append((index, name))
    return uses


def _check_call(call: LayerCall, samples: int) -> None:
    rule_for(call.name, call.module)
    if call.edge is None or call.inputs is None or len(call.inputs) != samples:
        raise NotApplicable(
            f"layer {call.name!r} does not map a tensor of {samples} samples to one that can be differentiated"
        )
    if call.inputs._version != call.version:
        raise NotApplicable(f"the input of layer {call.name!r} was changed in place after the layer had read it")


def _everything(module: nn.Module, parameter: str) -> bool:
    return True


def _convolutions_and_linear(module: nn.Module, parameter: str) -> bool:
    return isinstance(module, (_ConvNd, nn.Linear))
