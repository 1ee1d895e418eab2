"""The tangent rule of batch norm, to first and second order, by the kernel of its backward pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from harness.measurements.second_order.tangents import (
    Adjoint,
    Second,
    Tangents,
    check_zero,
    inner_by_channel,
    output_shape,
)

BATCH_NORMS = frozenset({"NativeBatchNormBackward0", "CudnnBatchNormBackward0"})


def batch_norm_rule(node: Any, inputs: Sequence[Tangents], adjoint: Adjoint | None) -> tuple[Tangents, Second]:
    """Batch norm y = γ x̂ + β, x̂ = s (x - mean), with γ and β constant.

    In train mode x̂' u = s (u - mean u - x̂ m_u), m_u = mean(x̂ u). The map x̂' is its own adjoint, so the backward
    kernel computes it. Its derivative along v, with s' v = -s² m_v, is -s (m_v x̂'u + m_u x̂'v + x̂ mean(u x̂'v)), and
    γȳᵀ x̂' is the gradient that the backward pass gives to the input. In eval mode batch norm is linear.
    """
    of_x, *others = inputs
    check_zero(*others)
    if not node._saved_training:
        factor = torch.rsqrt(node._saved_running_var + _epsilon(node))
        factor = factor if node._saved_weight is None else factor * node._saved_weight
        factor = factor.reshape(-1, *[1] * (len(output_shape(node)) - 2))
        return Tangents(*(None if tangent is None else (tangent * factor).to(tangent.dtype) for tangent in of_x)), 0.0
    outputs, means = zip(*(_normalised_along(node, tangent) for tangent in of_x), strict=True)
    (u, v), (mean_u, mean_v) = of_x, means
    curve: Second = 0.0
    if u is not None and v is not None and adjoint is not None:
        assert adjoint.scale is not None
        crossed = inner_by_channel(outputs[0], v) * (u.shape[1] / u.numel())
        curve = mean_v * inner_by_channel(adjoint.gradient, u) + mean_u * inner_by_channel(adjoint.gradient, v)
        curve = -(node._saved_result2.double() * (curve + adjoint.scale * crossed)).sum()
    return Tangents(*outputs), curve


def _normalised_along(node: Any, tangent: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    """γ x̂' u, and mean(x̂ u) by channel."""
    if tangent is None:
        return None, None
    output, total, _ = _norm_backward(node, tangent, (True, True, False))
    return output, total.double() * (tangent.shape[1] / tangent.numel())


def _norm_backward(node: Any, gradient: Tensor, wanted: tuple[bool, bool, bool]) -> tuple[Tensor, Tensor, Tensor]:
    found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.native_batch_norm_backward(
        gradient,
        node._saved_input,
        node._saved_weight,
        node._saved_running_mean,
        node._saved_running_var,
        node._saved_result1,
        node._saved_result2,
        node._saved_training,
        _epsilon(node),
        wanted,
    )
    return found


def _epsilon(node: Any) -> float:
    epsilon: float = node._saved_eps if hasattr(node, "_saved_eps") else node._saved_epsilon
    return epsilon


def norm_adjoint(node: Any, output: Tensor, handed_on: Tensor, scale: Tensor | None) -> Adjoint:
    """The adjoint of a batch norm; Σ ȳ x̂ is computed where autograd has no gradient of the scale.

    Args:
        node: the batch norm's node in the graph.
        output: ȳ, the gradient of the batch norm's output.
        handed_on: the part of the input's gradient that comes through this batch norm.
        scale: the gradient of the batch norm's scale; None where the scale requires no gradient.
    """
    if scale is None and node._saved_training:
        scale = _norm_backward(node, output, (False, True, False))[1]
    return Adjoint(handed_on, scale)
