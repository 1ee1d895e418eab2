"""The second derivative of a scalar along the weights and one more direction, in one sweep over its graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, MutableMapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from harness.measurements.second_order.tangent_rules import RULES
from harness.measurements.second_order.tangents import STILL, Adjoint, NoRuleError, Tangents
from harness.measurements.second_order.tape import LEAF, Tape


class Derivatives(NamedTuple):
    """Of the scalar L that a tape computes, along the weights θ and a direction d.

    Attributes:
        second: θᵀ H d.
        scaled: θᵀ ∇L.
        moved: dᵀ ∇L.
    """

    second: float
    scaled: float
    moved: float


@torch.no_grad()
def second_derivative(
    tape: Tape,
    adjoints: MutableMapping[Node, Adjoint],
    weights: Collection[nn.Parameter],
    direction: Mapping[nn.Parameter, Tensor],
) -> Derivatives:
    """θᵀ H d, H the Hessian of the scalar that the tape computes, and its first derivatives along θ and d.

    Both directions go through the graph from the leaves to the scalar, as in Pearlmutter (Neural Computation 1994), who
    takes one of them back again. Here each operation y = f(x) adds ȳᵀ f''(u, v) instead, u and v being its inputs'
    tangents and ȳ its adjoint: no tangent outlives its readers, and there is no way back.

    The first derivatives come by the rules alone. Who knows the gradient can tell by them whether the adjoints belong
    to the scalar: a backward hook changes the gradient and the adjoints, and not what the rules give.

    Args:
        tape: of the scalar.
        adjoints: that a backward pass from the scalar has found. Each is taken out once it is used.
        weights: θ, parameters on the tape.
        direction: d by parameter.

    Raises:
        NoRuleError: when an operation is outside of what its rule covers, or its adjoint is not there.
    """
    scaled = set(weights)
    readers = Counter(child for _, inputs in tape for child in inputs if child is not None)
    tangents: dict[Node, Tangents] = {}
    total = 0.0
    for node, inputs in tape:
        if node.name() == LEAF:
            parameter: nn.Parameter = node.variable  # type: ignore[attr-defined]
            tangents[node] = Tangents(parameter if parameter in scaled else None, direction.get(parameter))
            continue
        given = [STILL if child is None else tangents[child] for child in inputs]
        for child in inputs:
            if child is not None:
                readers[child] -= 1
                if not readers[child]:
                    del tangents[child]
        rule = RULES[node.name()]
        if rule.curved and node not in adjoints:
            raise NoRuleError(f"the backward pass has not found what {node.name()} hands on")
        tangents[node], second = rule.apply(node, given, adjoints.pop(node, None))
        total += float(second)
    last = tangents[tape[-1].node]
    return Derivatives(total, *(0.0 if tangent is None else float(tangent) for tangent in last))
