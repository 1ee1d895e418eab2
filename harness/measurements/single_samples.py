"""Gradients of each sample as a batch of one, so that batch norm couples no samples."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.forward import Forward, forward
from harness.measurements.layers import LAYERS, check_plain_batch_norm, uses_batch_statistics
from harness.measurements.overridden import overridden_forward
from harness.measurements.per_sample import per_sample_gradients
from harness.measurements.row_trial import same_rows
from harness.measurements.sample_rows import SampleRows, passed_alone
from harness.measurements.weights import check_only_layers, weights
from harness.setting import Setting

_CHUNK = 16


def sign_agreement(
    network: nn.Module, batch: Batch, setting: Setting, sample_rows: SampleRows, renew: Callable[[], None]
) -> int:
    """Agreement of gradient signs, Σ_θ |Σ_n sign ∂ℓ_n/∂θ| over convolution and linear weights, each sample by itself.

    Samples go through the network together; batch norm in train mode normalises each sample by its own statistics, as
    it does with a batch of one. So the batch can be processed in parts, in the memory of one part; each begins on the
    network's own state.

    Raises:
        NotApplicable: for a layer whose per-sample gradients are not known, a network without such weights, batch
            norm with a single value per channel, or with a forward pass of its own.
        NotFinite: when a logit or a gradient is NaN or infinite.

    Cost: one forward and one backward pass of its own, in parts of up to 16 samples; where the rows are not known, an
    eighth of a forward pass more.
    """
    weights(network)  # raises an error for a network without trainable weights
    check_only_layers(network, "a sign for each sample")
    check_plain_batch_norm(network, "read each sample by itself")
    totals: list[Tensor] = []
    for part in batch.split(_CHUNK):
        if totals:
            renew()
        with each_sample_alone(network):
            passed = forward(network, part, setting)
            if not sample_rows.known:
                _check_alone(network, part, setting, passed)
            signs = _sign_sums(passed, sample_rows)
        totals = [total + more for total, more in zip(totals, signs, strict=True)] if totals else signs
    return round(sum(float(total.abs().sum(dtype=torch.float64)) for total in totals))


def _check_alone(network: nn.Module, part: Batch, setting: Setting, passed: Forward) -> None:
    """Refuse a pass in which two samples give other outputs than without the others.

    Raises:
        NotApplicable: saying so.
    """
    places = [len(part) - 1, 0][: len(part)]
    few = passed_alone(network, part, places, setting)
    if few and not same_rows(few.rows, passed.rows[places]):
        raise NotApplicable(
            "the network's outputs for a sample depend on the samples beside it, though each batch norm module reads "
            "each sample by itself"
        )


def _sign_sums(passed: Forward, rows: SampleRows) -> list[Tensor]:
    """Σ_n sign ∂ℓ_n/∂θ over these samples, one flat tensor per weight."""
    gradients = per_sample_gradients(passed.loss, passed, _weights, rows)
    return [finite(each, "the samples' gradients").sign().sum(dim=0) for each in gradients]


def each_sample_alone(network: nn.Module) -> AbstractContextManager[None]:
    """Inside, batch norm that uses the batch's statistics uses each sample's own instead."""

    def alone(module: nn.Module) -> Callable[[Tensor], Tensor] | None:
        if isinstance(module, _BatchNorm) and uses_batch_statistics(module):
            return functools.partial(_normalised_alone, module)
        return None

    return overridden_forward(network, alone)


def _normalised_alone(module: _BatchNorm, inputs: Tensor) -> Tensor:
    """Batch norm of N batches of one: group norm with one group per channel has the same mean and variance."""
    if inputs[0, 0].numel() < 2:
        raise NotApplicable(
            f"batch norm of one sample needs more than one value per channel, got inputs of shape {list(inputs.shape)}"
        )
    return functional.group_norm(inputs, inputs.shape[1], module.weight, module.bias, module.eps)


def _weights(module: nn.Module, parameter: str) -> bool:
    return parameter == "weight" and isinstance(module, LAYERS)
