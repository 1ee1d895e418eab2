"""Tangents, adjoints and the kinds of rules that `second_order.tangent_rules` is built from.

Legend: y = f(x) an operation, ȳ = ∂L/∂y its adjoint. Every tensor has two tangents: u along the weights themselves, v
along a given direction. A rule gives the tangents of y, f'u and f'v, and ȳᵀ f''(u, v), the operation's own part of the
loss's second derivative along both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor


class NoRuleError(Exception):
    """The graph holds something that no rule covers."""


class Tangents(NamedTuple):
    """The two tangents of a tensor, of its shape; None for a tangent that is zero.

    Attributes:
        u: the tangent along the weights.
        v: the tangent along the direction.
    """

    u: Tensor | None
    v: Tensor | None

    @property
    def are_zero(self) -> bool:
        """Whether the tensor depends on neither direction."""
        return self.u is None and self.v is None


ZERO = Tangents(None, None)


class Adjoint(NamedTuple):
    """The gradients that a backward pass finds at an operation.

    Attributes:
        gradient: ȳ, the gradient of the output; for batch norm, the gradient of its input instead.
        scale: for batch norm, Σ ȳ x̂ by channel, which is the gradient of its scale.
    """

    gradient: Tensor
    scale: Tensor | None = None


Second = Tensor | float
"""ȳᵀ f''(u, v)."""

Apply = Callable[[Any, Sequence[Tangents], Adjoint | None], tuple[Tangents, Second]]
"""Arguments: the node with what autograd saved, the tangents of its inputs in order, and its adjoint."""


class Rule(NamedTuple):
    """The tangent rule of an operation.

    Attributes:
        apply: gives the output's tangents and ȳᵀ f''(u, v).
        curved: whether the operation has a second derivative, so that the rule reads the adjoint.
    """

    apply: Apply
    curved: bool


def linear(along: Callable[..., Tensor]) -> Rule:
    """The rule of an operation that is linear or piecewise linear in its inputs.

    Args:
        along: gives the output's tangent for the node and one tangent per input; None stands for a zero tangent.
    """

    def apply(node: Any, inputs: Sequence[Tangents], adjoint: Adjoint | None) -> tuple[Tangents, Second]:
        u, v = (
            None if all(tensor is None for tensor in tensors) else along(node, *tensors)
            for tensors in zip(*inputs, strict=True)
        )
        return Tangents(u, v), 0.0

    return Rule(apply, curved=False)


def elementwise(derivatives: Callable[[Any], tuple[Tensor, Tensor | float]]) -> Rule:
    """The rule of an elementwise function of one tensor.

    Args:
        derivatives: gives f' and f'' at the input, for the node.
    """

    def apply(node: Any, inputs: Sequence[Tangents], adjoint: Adjoint | None) -> tuple[Tangents, Second]:
        (u, v), (first, second) = inputs[0], derivatives(node)
        curve: Second = 0.0
        if u is not None and v is not None and adjoint is not None:
            curve = inner(adjoint.gradient, second * u * v)
        return Tangents(*(None if tangent is None else first * tangent for tangent in (u, v))), curve

    return Rule(apply, curved=True)


class Product(NamedTuple):
    """An operation x · w that is linear in each of two tensors.

    Attributes:
        x: first factor as autograd saved it; None where it was not needed, since w is constant.
        w: second factor as autograd saved it; None where it was not needed, since x is constant.
        multiply: the product as a function of both factors.
    """

    x: Tensor | None
    w: Tensor | None
    multiply: Callable[[Tensor, Tensor], Tensor]


def bilinear(product: Callable[[Any], Product]) -> Rule:
    """The rule of a product of an operation's last two inputs; the tangents of its other inputs must be zero.

    Args:
        product: gives the product with its saved factors, for the node.
    """

    def apply(node: Any, inputs: Sequence[Tangents], adjoint: Adjoint | None) -> tuple[Tangents, Second]:
        *others, of_x, of_w = inputs
        check_zero(*others)
        return product_rule(product(node), of_x, of_w, adjoint)

    return Rule(apply, curved=True)


def product_rule(product: Product, of_x: Tangents, of_w: Tangents, adjoint: Adjoint | None) -> tuple[Tangents, Second]:
    """Tangents of x · w, and ȳᵀ (v_x · u_w + u_x · v_w).

    Where u_w is w itself, as it is for a weight, v_x · u_w is a term of the product's tangent v already, and its
    tangent u is (u_x + x) · w: four products in all.
    """
    x, w, _ = product
    if (x is None and not of_w.are_zero) or (w is None and not of_x.are_zero):
        raise NoRuleError("autograd has not saved a factor of a product")
    along_itself = of_w.u is not None and of_w.u is w
    by_x = _times(product, of_x.v, w)
    curve: Second = 0.0
    if adjoint is not None:
        crossed = by_x if along_itself else _times(product, of_x.v, of_w.u)
        for term in (crossed, _times(product, of_x.u, of_w.v)):
            curve = curve if term is None else curve + inner(adjoint.gradient, term)
    v = _joined(by_x, _times(product, x, of_w.v))
    if along_itself:
        u = _times(product, x if of_x.u is None or x is None else of_x.u + x, w)
    else:
        u = _joined(_times(product, of_x.u, w), _times(product, x, of_w.u))
    return Tangents(u, v), curve


def check_zero(*tangents: Tangents) -> None:
    """Refuse inputs that depend on the directions where a rule takes them as constant.

    Raises:
        NoRuleError: when a tangent is not zero.
    """
    if not all(tangent.are_zero for tangent in tangents):
        raise NoRuleError("the rule takes an input as constant whose tangent is not zero")


def output_shape(node: Any) -> torch.Size:
    """Shape of the operation's first output."""
    shape: torch.Size = node._input_metadata[0].shape
    return shape


def inner(one: Tensor, other: Tensor) -> Tensor:
    """Inner product Σ one ⊙ other, the sum over channels in float64."""
    return inner_by_channel(one, other).sum() if one.ndim > 2 else (one.double() * other).sum()


def inner_by_channel(one: Tensor, other: Tensor) -> Tensor:
    """Σ one ⊙ other over all but the second dimension of [N, C, ...], returned in float64.

    That is the gradient of a batch norm's scale where the mean is 0 and the standard deviation 1. PyTorch has no other
    kernel that multiplies and sums at once; this one takes half the time of a product and its sum.
    """
    if not one.numel():  # the kernel divides by the size
        return one.new_zeros(one.shape[1], dtype=torch.float64)
    if one.ndim == 2 or one.dtype != other.dtype or one.dtype not in (torch.float32, torch.float64):
        return (one.double() * other).sum(dim=tuple(dim for dim in range(one.ndim) if dim != 1))
    mean, deviation = one.new_zeros(one.shape[1]), one.new_ones(one.shape[1])
    _, total, _ = torch.ops.aten.native_batch_norm_backward(
        one, other, None, None, None, mean, deviation, True, 0.0, (False, True, False)
    )
    return total.double()  # type: ignore[no-any-return]


def _times(product: Product, one: Tensor | None, other: Tensor | None) -> Tensor | None:
    return None if one is None or other is None else product.multiply(one, other)


def _joined(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    """The sum of two products, in place of the first: no other tensor shares their memory."""
    if one is None or other is None:
        return other if one is None else one
    return one.add_(other)
