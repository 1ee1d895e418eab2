"""The second derivative of a scalar along the weights and a second direction, in one sweep over its graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, MutableMapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from harness.measurements.second_order.tangent_rules import RULES
from harness.measurements.second_order.tangents import ZERO, Adjoint, NoRuleError, Tangents
from harness.measurements.second_order.tape import LEAF, Tape


class Derivatives(NamedTuple):
    """Derivatives of the scalar L that a tape computes, along the weights θ and a direction d.

    Attributes:
        second: second derivative along both, θᵀ H d.
        along_weights: first derivative along the weights, θᵀ ∇L.
        along_direction: first derivative along the direction, dᵀ ∇L.
    """

    second: float
    along_weights: float
    along_direction: float


@torch.no_grad()
def second_derivative(
    tape: Tape,
    adjoints: MutableMapping[Node, Adjoint],
    weights: Collection[nn.Parameter],
    direction: Mapping[nn.Parameter, Tensor],
) -> Derivatives:
    """θᵀ H d, H the Hessian of the scalar that the tape computes, and its first derivatives along θ and d.

    Tangents of both directions go through the graph from the leaves to the scalar. Pearlmutter (Neural Computation
    1994) sends one forward and then goes backward; here each operation y = f(x) adds ȳᵀ f''(u, v) instead, where u and
    v are its inputs' tangents and ȳ is its adjoint. So no backward sweep is needed, and a tangent is freed after its
    last use.

    The first derivatives come from the rules alone. Compared with the gradient, they show whether the adjoints belong
    to the scalar: a backward hook changes the gradient and the adjoints, but not the results of the rules.

    Args:
        tape: operations that the scalar was computed by.
        adjoints: adjoints by node, from a backward pass of the scalar. Each is taken out once it is used.
        weights: θ, parameters on the tape.
        direction: d by parameter.

    Raises:
        NoRuleError: when a rule does not cover an operation's arguments, or an adjoint is missing.
    """
    chosen = set(weights)
    readers = Counter(child for _, inputs in tape for child in inputs if child is not None)
    tangents: dict[Node, Tangents] = {}
    total = 0.0
    for node, inputs in tape:
        if node.name() == LEAF:
            parameter: nn.Parameter = node.variable  # type: ignore[attr-defined]
            tangents[node] = Tangents(parameter if parameter in chosen else None, direction.get(parameter))
            continue
        given = [ZERO if child is None else tangents[child] for child in inputs]
        for child in inputs:
            if child is not None:
                readers[child] -= 1
                if not readers[child]:
                    del tangents[child]
        rule = RULES[node.name()]
        if rule.curved and node not in adjoints:
            raise NoRuleError(f"the backward pass has found no adjoint for {node.name()}")
        tangents[node], second = rule.apply(node, given, adjoints.pop(node, None))
        total += float(second)
    last = tangents[tape[-1].node]
    return Derivatives(total, *(0.0 if tangent is None else float(tangent) for tangent in last))
