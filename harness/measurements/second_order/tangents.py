"""What the rules of `second_order.tangent_rules` are made of: tangents, adjoints, and the kinds of rules.

Legend: y = f(x) an operation, ȳ = ∂L/∂y its adjoint. Every tensor moves in two directions at once: u along the weights
themselves, v along a direction of one's own. A rule gives y's tangents, f'u and f'v, and ȳᵀ f''(u, v), the operation's
own part of the loss's second derivative along both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor


class NoRuleError(Exception):
    """The graph holds something that no rule covers."""


class Tangents(NamedTuple):
    """How a tensor moves, of its shape; None where it does not.

    Attributes:
        scaled: u, along the weights.
        moved: v, along the direction.
    """

    scaled: Tensor | None
    moved: Tensor | None

    @property
    def still(self) -> bool:
        """Whether it moves in neither direction."""
        return self.scaled is None and self.moved is None


STILL = Tangents(None, None)


class Adjoint(NamedTuple):
    """What a backward pass finds at an operation.

    Attributes:
        gradient: ȳ; of batch norm, what it hands on to its input.
        scale: of batch norm, Σ ȳ x̂ by channel, which is the gradient of its scale.
    """

    gradient: Tensor
    scale: Tensor | None = None


Second = Tensor | float
Apply = Callable[[Any, Sequence[Tangents], Adjoint | None], tuple[Tangents, Second]]
"""Of the node with what autograd saved, the tangents of its inputs in order, and its adjoint."""


class Rule(NamedTuple):
    """A rule, and whether its operation is curved, so that it reads the adjoint."""

    apply: Apply
    curved: bool


def linear(along: Callable[..., Tensor]) -> Rule:
    """The rule of an operation that is linear, or linear in pieces, in its inputs.

    Args:
        along: of the node and one tensor an input, None where that does not move: the output's tangent.
    """

    def apply(node: Any, inputs: Sequence[Tangents], adjoint: Adjoint | None) -> tuple[Tangents, Second]:
        u, v = (
            None if all(tensor is None for tensor in tensors) else along(node, *tensors)
            for tensors in zip(*inputs, strict=True)
        )
        return Tangents(u, v), 0.0

    return Rule(apply, curved=False)


def elementwise(derivatives: Callable[[Any], tuple[Tensor, Tensor | float]]) -> Rule:
    """The rule of a function of each entry of one tensor.

    Args:
        derivatives: of the node: f' and f'' at its input.
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
        x: as saved; None where autograd did not need it, since w is constant.
        w: likewise.
        of: the product as a function of both.
    """

    x: Tensor | None
    w: Tensor | None
    of: Callable[[Tensor, Tensor], Tensor]


def bilinear(product: Callable[[Any], Product]) -> Rule:
    """The rule of a product of an operation's last two inputs; what else it adds must not move.

    Args:
        product: of the node.
    """

    def apply(node: Any, inputs: Sequence[Tangents], adjoint: Adjoint | None) -> tuple[Tangents, Second]:
        *others, of_x, of_w = inputs
        constant(*others)
        return product_rule(product(node), of_x, of_w, adjoint)

    return Rule(apply, curved=True)


def product_rule(product: Product, of_x: Tangents, of_w: Tangents, adjoint: Adjoint | None) -> tuple[Tangents, Second]:
    """Tangents of x · w, and ȳᵀ (v_x · u_w + u_x · v_w).

    Where u_w is w itself, as it is along the weights, v_x · u_w is known from v's tangent, and u's is (u_x + x) · w:
    four products in all.
    """
    x, w, _ = product
    if (x is None and not of_w.still) or (w is None and not of_x.still):
        raise NoRuleError("autograd has not saved a factor of a product")
    scales = of_w.scaled is not None and of_w.scaled is w
    by_x = _times(product, of_x.moved, w)
    curve: Second = 0.0
    if adjoint is not None:
        crossed = by_x if scales else _times(product, of_x.moved, of_w.scaled)
        for term in (crossed, _times(product, of_x.scaled, of_w.moved)):
            curve = curve if term is None else curve + inner(adjoint.gradient, term)
    moved = _joined(by_x, _times(product, x, of_w.moved))
    if scales:
        scaled = _times(product, x if of_x.scaled is None or x is None else of_x.scaled + x, w)
    else:
        scaled = _joined(_times(product, of_x.scaled, w), _times(product, x, of_w.scaled))
    return Tangents(scaled, moved), curve


def constant(*tangents: Tangents) -> None:
    """Refuse inputs that move where a rule holds them still.

    Raises:
        NoRuleError: when one moves.
    """
    if not all(tangent.still for tangent in tangents):
        raise NoRuleError("an input moves that the rule takes for a constant")


def output_shape(node: Any) -> torch.Size:
    """Of the operation's first output."""
    shape: torch.Size = node._input_metadata[0].shape
    return shape


def inner(one: Tensor, other: Tensor) -> Tensor:
    """Σ one ⊙ other, the sums over channels in float64."""
    return inner_by_channel(one, other).sum() if one.ndim > 2 else (one.double() * other).sum()


def inner_by_channel(one: Tensor, other: Tensor) -> Tensor:
    """Σ one ⊙ other over all but the second dimension of [N, C, ...], handed on in float64.

    That is the gradient by a batch norm's scale where the mean is 0 and the deviation 1: PyTorch has no other kernel
    that multiplies and sums in one go, and this one takes half the time of a product and its sum.
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
    return None if one is None or other is None else product.of(one, other)


def _joined(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    """The sum of two products that nobody else holds."""
    if one is None or other is None:
        return other if one is None else one
    return one.add_(other)
