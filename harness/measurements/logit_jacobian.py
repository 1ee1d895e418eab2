"""Derivatives of the logits by a few single weights, sample by sample: what a Fisher matrix is made of."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.forward import Forward
from harness.measurements.layers import LAYERS
from harness.measurements.per_sample import named_rows
from harness.measurements.sample_rows import SampleRows
from harness.measurements.weights import check_only_layers, layer_weight_names, weights_of

MOST = 128
"""Weights of which an entry is read, as in the code of Tybl & Neumann."""


class LogitJacobian(NamedTuple):
    """Derivatives of the logits by S single weights, with what the class probabilities are.

    Attributes:
        rows: ∂f_k(x_n)/∂θ_s in float64, [N, K, S].
        probabilities: softmax of the logits in float64, [N, K].
        layers: number of trainable weights of convolutions and linear layers, of which S belong to the first.
    """

    rows: Tensor
    probabilities: Tensor
    layers: int


def logit_jacobian(network: nn.Module, forward: Forward, batch: Batch, sample_rows: SampleRows) -> LogitJacobian:
    """Derivatives by the first entry of each of the first 128 weights of convolutions and linear layers.

    The gradient of each sample is taken through its own activations, as in `harness.measurements.per_sample`.

    Raises:
        NotApplicable: where the targets are not classes, the network has weights of other kinds, or a layer's gradients
            by sample are not known.
        NotFinite: when a derivative is NaN or infinite.

    Cost: K backward passes.
    """
    if not batch.problem.classes:
        raise NotApplicable(f"this reads the classes that outputs are for; those of {batch.problem.name} are values")
    check_only_layers(network, "a derivative of the logits by single weights")
    layer_weight_names(network)  # raises an error for a layer that makes its weight from other parameters
    sample_rows.check_outputs(forward)
    named = weights_of(network, {name: each for name, each in network.named_parameters() if each.requires_grad})
    place = {parameter: column for column, parameter in enumerate(list(named.values())[:MOST])}
    samples, classes = forward.rows.shape
    rows = torch.zeros(samples, classes, len(place), dtype=torch.float64, device=forward.rows.device)
    for k, logit in enumerate(forward.rows.sum(dim=0)):
        for parameter, gradients in named_rows(logit, forward, _layer_weight, sample_rows):
            if gradients is not None and parameter in place:
                rows[:, k, place[parameter]] = finite(gradients[:, 0], "the logits' gradients").double()
    return LogitJacobian(rows, forward.rows.detach().double().softmax(dim=1), len(named))


def _layer_weight(module: nn.Module, parameter: str) -> bool:
    return parameter == "weight" and isinstance(module, LAYERS)
