"""The networks of AGNN's space with dense adjacency matrices, one pair of nodes and one head after the other.

Legend: n nodes; `looped` [n, n] has a one at (i, j) where node j sends to node i, and on the diagonal; `state` is the
state dictionary of a module under test.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

State = dict[str, Tensor]

ACTIVATIONS = {
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "relu": lambda x: max(x, 0.0),
    "identity": lambda x: x,
    "softplus": lambda x: math.log1p(math.exp(x)) if x < 20 else x,
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "elu": lambda x: x if x > 0 else math.expm1(x),
}


def layer(text: str, state: State, inputs: Tensor, looped: Tensor) -> Tensor:
    """The layer of a text such as `64:gat:8:sum:identity:elu` on values [n, I]."""
    _, attention, heads, aggregate, combine, activation = text.split(":")
    mixed = inputs @ state["linear.weight"].t()
    count, wide = mixed.shape
    size = wide // int(heads)
    outputs = torch.zeros_like(mixed)
    for first in range(0, wide, size):
        place = slice(first, first + size)
        vectors = {key: state[key][place] for key in ("left", "right") if key in state}
        weights = _weights(attention, mixed[:, place], vectors, state.get("mixed"), looped)
        for i in range(count):
            sent = [weights[i, j] * mixed[j, place] for j in range(count) if looped[i, j]]
            together = torch.stack(sent)
            joined = {"sum": together.sum(0), "mean": together.mean(0), "max": together.max(0).values}[aggregate]
            outputs[i, place] = joined + state["bias"][place]
    if combine == "mlp":
        inside = (outputs @ state["combine.0.weight"].t() + state["combine.0.bias"]).clamp(min=0)
        outputs = inside @ state["combine.2.weight"].t() + state["combine.2.bias"]
    act = ACTIVATIONS[activation]
    return torch.tensor([[act(value) for value in row] for row in outputs.tolist()], dtype=inputs.dtype)


def _weights(attention: str, values: Tensor, vectors: State, general: Tensor | None, looped: Tensor) -> Tensor:
    """Weights [target, source] of one head, zero where there is no edge."""
    count = len(values)
    if attention == "const":
        return looped.clone()
    if attention == "gcn":
        degrees = looped.sum(dim=1)
        return looped / (degrees[:, None] * degrees[None, :]).sqrt()
    scores = torch.full((count, count), -torch.inf, dtype=values.dtype)
    for i in range(count):
        for j in range(count):
            if looped[i, j]:
                scores[i, j] = _score(attention, values[i], values[j], vectors, general)
    return scores.softmax(dim=1)


def _score(attention: str, own: Tensor, other: Tensor, vectors: State, general: Tensor | None) -> Tensor:
    """Score of the node `own` for its neighbour `other`."""
    if attention == "cos":
        return own @ other
    right = vectors["right"]
    if attention == "linear":
        return torch.tanh(right @ other)
    left = vectors["left"]
    if attention == "gene-linear":
        return general @ torch.tanh(left * own + right * other)
    forth, back = left @ own + right @ other, left @ other + right @ own
    score = forth if forth > 0 else 0.2 * forth
    return score if attention == "gat" else score + (back if back > 0 else 0.2 * back)


def logits(text: str, state: State, features: Tensor, looped: Tensor) -> Tensor:
    """Logits [n, K] of the network of a text, without dropout."""
    values = features
    for place, part in enumerate(text.split("||")):
        prefix = f"layers.{place}."
        own = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
        values = layer(part, own, values, looped)
    return values @ state["classifier.weight"].t() + state["classifier.bias"]
