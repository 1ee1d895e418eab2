"""Tangent rules: first and second derivatives of each operation, by the name of its autograd node.

A node's attributes `_saved_…` hold the tensors that autograd kept for the backward pass; reading one raises an error if
it was changed in place since.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from harness.measurements.second_order.batch_norm_rule import BATCH_NORMS, batch_norm_rule
from harness.measurements.second_order.tangents import (
    Adjoint,
    NoRuleError,
    Product,
    Rule,
    Second,
    Tangents,
    bilinear,
    check_zero,
    elementwise,
    inner,
    linear,
    output_shape,
)
from harness.spaces.mixing import average_pool
from harness.spaces.pools import AveragePool

aten = torch.ops.aten


def _signed(value: int) -> int:
    """A dimension or an index with its sign: autograd shows negative values as unsigned 64-bit integers."""
    return value - 2**64 if value >= 2**63 else value


def _reshaped(node: Any, tangent: Tensor) -> Tensor:
    return tangent.reshape(output_shape(node))


def _summed(node: Any, one: Tensor | None, other: Tensor | None, sign: int = 1) -> Tensor:
    factor = sign * node._saved_alpha
    if one is not None and other is not None:
        return torch.add(one, other, alpha=factor)
    return (one if one is not None else other * factor).expand(output_shape(node))


def _concatenated(node: Any, *tangents: Tensor | None) -> Tensor:
    dim = _signed(node._saved_dim)
    given = next(tangent for tangent in tangents if tangent is not None)
    parts = []
    for tangent, (child, output) in zip(tangents, node.next_functions, strict=True):
        if tangent is None and child is None:
            raise NoRuleError("a constant of unknown size is concatenated")
        parts.append(given.new_zeros(child._input_metadata[output].shape) if tangent is None else tangent)
    return torch.cat(parts, dim)


def _average_pooled(node: Any, tangent: Tensor) -> Tensor:
    return functional.avg_pool2d(
        tangent,
        node._saved_kernel_size,
        node._saved_stride,
        node._saved_padding,
        node._saved_ceil_mode,
        node._saved_count_include_pad,
        node._saved_divisor_override,
    )


def _fast_pooled(node: Any, tangent: Tensor) -> Tensor:
    if node._forward_cls is not AveragePool:
        raise NoRuleError("an unknown autograd function called AveragePool")
    return average_pool(tangent)


def _max_pooled(node: Any, tangent: Tensor) -> Tensor:
    places = node._saved_result1.contiguous()
    return tangent.flatten(-2).gather(-1, places.flatten(-2)).reshape(places.shape)


def _averaged(node: Any, tangent: Tensor) -> Tensor:
    averaged: Tensor = tangent.mean(_dimensions(node), node._saved_keepdim)
    return averaged


def _totalled(node: Any, tangent: Tensor) -> Tensor:
    return tangent.sum(_dimensions(node), node._saved_keepdim)


def _dimensions(node: Any) -> list[int] | None:
    """The dimensions that are summed over; None for all."""
    return [_signed(dim) for dim in node._saved_dim or ()] or None


def _sliced(node: Any, tangent: Tensor) -> Tensor:
    start, end = _signed(node._saved_start), _signed(node._saved_end)
    sliced: Tensor = aten.slice(tangent, _signed(node._saved_dim), start, end, node._saved_step)
    return sliced


def _padded(node: Any, tangent: Tensor) -> Tensor:
    return functional.pad(tangent, [_signed(width) for width in node._saved_pad])


def _divided(node: Any, one: Tensor | None, other: Tensor | None) -> Tensor:
    if one is None or other is not None:
        raise NoRuleError("a division by something that depends on the weights")
    quotient: Tensor = one / node._saved_other
    return quotient


def _negative_log_likelihood(node: Any, tangent: Tensor) -> Tensor:
    ignored = _signed(node._saved_ignore_index)
    value: Tensor = aten.nll_loss_forward(
        tangent, node._saved_target, node._saved_weight, node._saved_reduction, ignored
    )[0]
    return value


def _log_softmax(node: Any, inputs: Sequence[Tangents], adjoint: Adjoint | None) -> tuple[Tangents, Second]:
    """Log-softmax: for every class, f''(u, v) is minus the covariance of u and v under the probabilities."""
    dim, (u, v) = _signed(node._saved_dim), inputs[0]
    shares = node._saved_result.exp()
    u, v = (None if t is None else t - (shares * t).sum(dim, keepdim=True) for t in (u, v))
    curve: Second = 0.0
    if u is not None and v is not None and adjoint is not None:
        curve = -inner((shares * u * v).sum(dim, keepdim=True), adjoint.gradient.sum(dim, keepdim=True))
    return Tangents(u, v), curve


def _convolution(node: Any) -> Product:
    def convolve(x: Tensor, w: Tensor) -> Tensor:
        y: Tensor = aten.convolution(
            x,
            w,
            None,
            node._saved_stride,
            node._saved_padding,
            node._saved_dilation,
            node._saved_transposed,
            node._saved_output_padding,
            node._saved_groups,
        )
        return y

    return Product(node._saved_input, node._saved_weight, convolve)


def _convolved(node: Any, inputs: Sequence[Tangents], adjoint: Adjoint | None) -> tuple[Tangents, Second]:
    of_x, of_w, of_bias = inputs
    check_zero(of_bias)
    return _CONVOLUTION.apply(node, (of_x, of_w), adjoint)


_CONVOLUTION = bilinear(_convolution)


def _added_product(node: Any) -> Product:
    if (node._saved_alpha, node._saved_beta) != (1, 1):
        raise NoRuleError("a product with factors")
    return Product(node._saved_mat1, node._saved_mat2, torch.mm)


def _power(node: Any) -> tuple[Tensor, float]:
    if node._saved_exponent != 2:
        raise NoRuleError(f"the power {node._saved_exponent}")
    return 2 * node._saved_self, 2.0


def _hyperbolic_tangent(node: Any) -> tuple[Tensor, Tensor]:
    first = 1 - node._saved_result.square()
    return first, -2 * node._saved_result * first


_SQUEEZES = tuple(f"SqueezeBackward{variant}" for variant in range(3))

RULES: dict[str, Rule] = {
    **{name: Rule(batch_norm_rule, curved=True) for name in BATCH_NORMS},
    "ConvolutionBackward0": Rule(_convolved, curved=True),
    "AddmmBackward0": bilinear(_added_product),
    "MmBackward0": bilinear(lambda node: Product(node._saved_self, node._saved_mat2, torch.mm)),
    "BmmBackward0": bilinear(lambda node: Product(node._saved_self, node._saved_mat2, torch.bmm)),
    "MulBackward0": bilinear(lambda node: Product(node._saved_self, node._saved_other, torch.mul)),
    "LogSoftmaxBackward0": Rule(_log_softmax, curved=True),
    "TanhBackward0": elementwise(_hyperbolic_tangent),
    "PowBackward0": elementwise(_power),
    "ReluBackward0": linear(lambda node, tangent: aten.threshold_backward(tangent, node._saved_result, 0)),
    "MaxPool2DWithIndicesBackward0": linear(_max_pooled),
    "AvgPool2DBackward0": linear(_average_pooled),
    f"{AveragePool.__name__}Backward": linear(_fast_pooled),
    "AdaptiveAvgPool2DBackward0": linear(
        lambda node, tangent: aten.adaptive_avg_pool2d(tangent, output_shape(node)[-2:])
    ),
    "AddBackward0": linear(_summed),
    "SubBackward0": linear(lambda node, one, other: _summed(node, one, other, -1)),
    "RsubBackward1": linear(lambda node, tangent: tangent * -node._saved_alpha),
    "NegBackward0": linear(lambda node, tangent: -tangent),
    "DivBackward0": linear(_divided),
    "CatBackward0": linear(_concatenated),
    "SliceBackward0": linear(_sliced),
    "ConstantPadNdBackward0": linear(_padded),
    "MeanBackward0": linear(lambda node, tangent: tangent.mean()),
    "MeanBackward1": linear(_averaged),
    "SumBackward0": linear(lambda node, tangent: tangent.sum()),
    "SumBackward1": linear(_totalled),
    "NllLossBackward0": linear(_negative_log_likelihood),
    "TBackward0": linear(lambda node, tangent: tangent.t()),
    "TransposeBackward0": linear(
        lambda node, tangent: tangent.transpose(_signed(node._saved_dim0), _signed(node._saved_dim1))
    ),
    "PermuteBackward0": linear(lambda node, tangent: tangent.permute([_signed(dim) for dim in node._saved_dims])),
    "SelectBackward0": linear(
        lambda node, tangent: tangent.select(_signed(node._saved_dim), _signed(node._saved_index))
    ),
    "ExpandBackward0": linear(lambda node, tangent: tangent.expand(output_shape(node))),
    "CloneBackward0": linear(lambda node, tangent: tangent),
    **{
        name: linear(_reshaped)
        for name in ("ViewBackward0", "UnsafeViewBackward0", "ReshapeAliasBackward0", *_SQUEEZES, "UnsqueezeBackward0")
    },
}
