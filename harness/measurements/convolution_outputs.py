"""What the convolutions of a network put out: how large, and how many directions of their channels are in use."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.forward import Forward, LayerCall
from harness.measurements.layers import has_own_method, uses_batch_statistics
from harness.measurements.product_hooks import output_of

JITTER = 1e-10
"""Added to the diagonal of a covariance."""


class OutputSize(NamedTuple):
    """Size of the output of one call of a convolution.

    Attributes:
        positions: number of positions, height times width.
        channels: number of channels.
    """

    positions: int
    channels: int


def convolution_sizes(forward: Forward) -> tuple[OutputSize, ...]:
    """Sizes of the outputs of the calls of trainable convolutions.

    Raises:
        NotApplicable: when the network calls none, or one whose output cannot be read.

    Cost: no pass in addition to the shared forward.
    """
    shapes = [output.shape for _, output in _outputs(forward)]
    return tuple(OutputSize(math.prod(shape[2:]), shape[1]) for shape in shapes)


@torch.no_grad()
def participation_ratios(forward: Forward) -> tuple[float, ...]:
    """Participation ratio (tr C)² / tr C² of the channels' covariance C, by call of a trainable convolution.

    C is taken over samples and positions, [channels, channels], with 1e-10 on its diagonal. Where batch norm reads the
    convolution's output directly, C is that of its output.

    Raises:
        NotApplicable: as for `convolution_sizes`.
        NotFinite: when an output holds NaN or infinity.

    Cost: no pass in addition to the shared forward.
    """
    norms = {
        call.inputs.data_ptr(): call.module
        for call in forward.calls
        if isinstance(call.module, _BatchNorm)
        and call.inputs is not None
        and not has_own_method(call.module, "forward")
    }
    found = []
    for call, output in _outputs(forward):
        covariance = channel_covariance(finite(output, f"outputs of layer {call.name!r}"))
        norm = norms.get(output.data_ptr())
        if norm is not None:
            scale = _scale(norm, covariance)
            covariance = scale[:, None] * covariance * scale
        found.append(participation_ratio(covariance))
    return tuple(found)


def _outputs(forward: Forward) -> list[tuple[LayerCall, Tensor]]:
    calls = [call for call in forward.calls if isinstance(call.module, _ConvNd)]
    if not calls:
        raise NotApplicable("the network calls no trainable convolution")
    if unread := [call.name for call in calls if call.output is None]:
        raise NotApplicable(f"the output of layer {unread[0]!r} cannot be read")
    return [(call, output_of(call)) for call in calls]


def channel_covariance(output: Tensor) -> Tensor:
    """Covariance [C, C] in float64 of the channels of [N, C, ...], over samples and positions."""
    rows = output.movedim(1, -1).flatten(0, -2).double()
    rows = rows - rows.mean(dim=0)
    return rows.T @ rows / len(rows)


def participation_ratio(covariance: Tensor) -> float:
    """(tr C)² / tr C² of a covariance with 1e-10 on its diagonal: from 1 to the number of channels.

    >>> round(participation_ratio(torch.eye(6)), 6)
    6.0
    """
    matrix = covariance.double() + JITTER * torch.eye(len(covariance), dtype=torch.float64, device=covariance.device)
    return float(matrix.trace() ** 2 / matrix.square().sum())


def _scale(norm: _BatchNorm, covariance: Tensor) -> Tensor:
    """By what batch norm multiplies each channel, [C]."""
    used = covariance.diagonal() if uses_batch_statistics(norm) else norm.running_var
    assert used is not None
    scale = 1 / (used.double() + norm.eps).sqrt()
    return scale if norm.weight is None else scale * norm.weight.detach().double()
