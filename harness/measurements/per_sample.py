"""Kernels from per-sample gradients formed layer by layer: one backward pass for the whole batch.

Row n is the gradient that flows through sample n's own activations. In eval mode that is the row of the Jacobian. With
batch norm in train mode it ignores the effect of sample n on the other samples through the batch statistics, as HNAS's
code does; the exact forms are in `harness.measurements.trace`.

Legend: N samples, K outputs; `calls` are the calls of layers with parameters, in order.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.finite import kernel_in
from harness.measurements.forward import Forward
from harness.measurements.layers import LAYERS
from harness.measurements.products import add_gram, products
from harness.measurements.sample_rows import SampleRows
from harness.measurements.single_uses import (
    Selection,
    arriving_gradients,
    is_within_rounding,
    outside_of_its_module,
    summed_rows,
    uses_of,
)
from harness.measurements.weights import check_called_weight, check_only_layers


def ntk_trace_per_sample(forward: Forward, sample_rows: SampleRows) -> float:
    """NTK trace without coupling: Σ over samples and outputs of the squared norm of the per-sample gradient.

    Over all trainable parameters.

    Cost: K backward passes.
    """
    sample_rows.check_outputs(forward)
    total = 0.0
    for output in forward.rows.sum(dim=0):
        for gradients in per_sample_gradients(output, forward, _everything, sample_rows):
            total += float(products(gradients, gradients).sum(dtype=torch.float64))
    return total


def target_logit_gram(network: nn.Module, forward: Forward, batch: Batch, sample_rows: SampleRows) -> Tensor:
    """Gram matrix [N, N] of the per-sample gradients of the target logit f_{y_n}(x_n).

    Over weights and biases of convolutions and linear layers, as in HNAS's code (Shu et al., NeurIPS 2022).

    Cost: one backward pass.
    """
    targets = forward.outputs.gather(1, batch.labels[:, None]).sum()
    check_only_layers(network, "this kernel")
    return _gram(targets, forward, _convolutions_and_linear, sample_rows)


def logit_sum_gram(network: nn.Module, forward: Forward, sample_rows: SampleRows) -> Tensor:
    """Gram matrix [N, N] of the per-sample gradients of the sum of all logits at x_n.

    Over parameters called `weight` (convolutions, linear and norm layers), as TE-NAS (Chen et al. 2021) selects them.

    Cost: one backward pass.
    """
    check_called_weight(network)
    return _gram(forward.outputs.sum(), forward, lambda _, parameter: parameter == "weight", sample_rows)


def _gram(objective: Tensor, forward: Forward, select: Selection, rows: SampleRows) -> Tensor:
    """Gram matrix [N, N], summed in float64 and returned in the network's dtype, which tells how precise it is.

    Raises:
        NotApplicable: when no trainable parameter is selected.
        NotFinite: when a gradient is NaN or infinite, or the entries are too small for that dtype.
    """
    samples = len(forward.batch)
    rows.check_outputs(forward)
    gram = torch.zeros(samples, samples, dtype=torch.float64, device=objective.device)
    for gradients in per_sample_gradients(objective, forward, select, rows):
        add_gram(gram, gradients)
    if not uses_of(forward.calls, samples, select):
        raise NotApplicable("the network calls no layer with a trainable parameter of the kind that this kernel reads")
    return kernel_in(gram, objective.dtype)


def per_sample_gradients(objective: Tensor, forward: Forward, select: Selection, rows: SampleRows) -> Iterator[Tensor]:
    """Per-sample gradients of `objective`, [N, size] for each selected parameter.

    For a parameter that is used several times, the contributions of its uses are summed.

    Args:
        objective: scalar on the graph of `forward`.
        forward: forward pass of N samples.
        select: whether a parameter counts, by its module and its name in the module.
        rows: what a trial on a few samples has shown of the network.

    Raises:
        NotApplicable: naming the layer or parameter whose per-sample gradients are not known, or do not add up to the
            batch's gradient; or when the samples are parts of one input, so that no row of a layer's output belongs to
            one sample alone.
    """
    return (rows for _, rows in named_rows(objective, forward, select, rows) if rows is not None)


def named_rows(
    objective: Tensor, forward: Forward, select: Selection, rows: SampleRows
) -> Iterator[tuple[nn.Parameter, Tensor | None]]:
    """As `per_sample_gradients`, each with its parameter; None where the objective does not depend on it."""
    forward.batch.check_independent("a gradient by sample")
    uses = uses_of(forward.calls, len(forward.batch), select)
    rows.check(uses)
    outside, tried = forward.uncalled, () if rows.known else tuple(uses)
    arriving = arriving_gradients(objective, forward, (*outside.values(), *tried))
    for name, gradient in zip(outside, arriving.parameters, strict=False):
        if gradient is not None:
            raise NotApplicable(outside_of_its_module(name))
    sums = dict(zip(tried, arriving.parameters[len(outside) :], strict=True))
    for parameter, parameter_uses in uses.items():
        found = summed_rows(parameter_uses, forward.calls, arriving.calls)
        if parameter in sums:
            _check_sum(found, sums[parameter], forward.calls[parameter_uses[0].call].name, parameter_uses[0].name)
        yield parameter, found


def _check_sum(rows: Tensor | None, gradient: Tensor | None, layer: str, name: str) -> None:
    """Refuse rows whose sum is not the gradient of the batch.

    Args:
        rows: gradients by sample [N, size] of one parameter; None for zeros.
        gradient: autograd's gradient of the same objective by the parameter; None for zeros.
        layer: name of the layer that reads the parameter.
        name: name of the parameter in that layer.

    Raises:
        NotApplicable: naming the parameter.
    """
    if rows is None and gradient is None:
        return
    total = 0 if gradient is None else gradient.flatten()
    difference = total if rows is None else rows.sum(dim=0) - total
    size = float(gradient.norm()) if gradient is not None else 0.0
    size = max(size, float(rows.norm(dim=1).sum())) if rows is not None else size
    assert isinstance(difference, Tensor)
    if not is_within_rounding(difference, size, size):
        raise NotApplicable(
            f"the gradients of single samples by {f'{layer}.{name}' if layer else name!r} do not add up to the batch's "
            "gradient: the network reads the parameter elsewhere too"
        )


def _everything(module: nn.Module, parameter: str) -> bool:
    return True


def _convolutions_and_linear(module: nn.Module, parameter: str) -> bool:
    return isinstance(module, LAYERS)
