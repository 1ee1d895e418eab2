"""The second derivative of a scalar along the weights and one more direction, in one sweep over its graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, MutableMapping

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from harness.measurements.tangent_rules import RULES
from harness.measurements.tangents import STILL, Adjoint, NoRuleError, Tangents
from harness.measurements.tape import LEAF, Tape


@torch.no_grad()
def second_derivative(
    tape: Tape,
    adjoints: MutableMapping[Node, Adjoint],
    weights: Collection[nn.Parameter],
    direction: Mapping[nn.Parameter, Tensor],
) -> float:
    """θᵀ H d, H the Hessian of the scalar that the tape computes.

    Both directions go through the graph from the leaves to the scalar, as in Pearlmutter (Neural Computation 1994), who
    takes one of them back again. Here each operation y = f(x) adds ȳᵀ f''(u, v) instead, u and v being its inputs'
    tangents and ȳ its adjoint: no tangent outlives its readers, and there is no way back.

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
    return total
