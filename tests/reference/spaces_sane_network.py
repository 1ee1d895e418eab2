"""The networks of SANE (Zhao, Yao & Tu, ICDE 2021) with dense adjacency matrices, written from the paper's formulas.

Legend: n nodes; `looped` [n, n] has a one at (i, j) where node j sends to node i, and on the diagonal; `state` is the
state dictionary of a module under test.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

State = dict[str, Tensor]


def adjacency(edges: Tensor, count: int) -> Tensor:
    """Who sends to whom: [target, source], with ones on the diagonal."""
    found = torch.zeros(count, count, dtype=torch.float64)
    for source, target in edges.t().tolist():
        found[target, source] = 1
    found.fill_diagonal_(1)
    return found


def node_aggregator(name: str, state: State, inputs: Tensor, looped: Tensor, form: str = "paper") -> Tensor:
    """One aggregator on values [n, H]."""
    if name == "sage":
        mean = looped @ inputs / looped.sum(dim=1, keepdim=True)
        own = inputs @ state["lin_r.weight"].t()
        mixed = mean @ state["lin_l.weight"].t() + state["lin_l.bias"] + own
        return mixed / mixed.square().sum(dim=1, keepdim=True).sqrt().clamp(min=1e-12)
    if name == "gcn":
        roots = looped.sum(dim=1).sqrt()
        return looped / roots[:, None] / roots[None, :] @ (inputs @ state["lin.weight"].t()) + state["bias"]
    if name == "gin":
        summed = inputs + looped @ inputs
        inside = (summed @ state["nn.0.weight"].t() + state["nn.0.bias"]).clamp(min=0)
        return inside @ state["nn.2.weight"].t() + state["nn.2.bias"]
    if name == "sage_sum":
        return looped @ (inputs @ state["linear.weight"].t()) + state["bias"]
    if name == "sage_max":
        sent = inputs @ state["linear.weight"].t()
        rows = [sent[looped[node].bool()].max(dim=0).values for node in range(len(inputs))]
        return torch.stack(rows) + state["bias"]
    if name == "geniepath":
        inside = {key.removeprefix("breadth."): value for key, value in state.items()}
        broad = torch.tanh(_attention("gat", inside, inputs, looped, 1, "paper"))
        taken, candidate, shown = (broad @ state["gates.weight"].t()).chunk(3, dim=1)
        return torch.sigmoid(shown) * torch.tanh(torch.sigmoid(taken) * torch.tanh(candidate))
    return _attention(name, state, inputs, looped, 8, "paper" if name == "gat" else form)


def _attention(name: str, state: State, inputs: Tensor, looped: Tensor, heads: int, form: str) -> Tensor:
    """A score for each pair of nodes, one head and one pair after the other."""
    count, wide = inputs.shape
    size = wide // heads
    mixed = inputs @ state["linear.weight"].t()
    outputs = torch.zeros(count, wide, dtype=inputs.dtype)
    for head in range(heads):
        place = slice(head * size, (head + 1) * size)
        values, left, right = mixed[:, place], state["left"][place], state["right"][place]
        scores = torch.full((count, count), -torch.inf, dtype=inputs.dtype)
        for i in range(count):
            for j in range(count):
                if looped[i, j]:
                    scores[i, j] = _score(name, values[i], values[j], left, right, state.get("mixed"), form)
        weights = scores.softmax(dim=1 if form == "paper" else 0)
        outputs[:, place] = weights @ values
    return outputs + state["bias"]


def _score(name: str, own: Tensor, other: Tensor, left: Tensor, right: Tensor, mixed: Tensor | None, form: str):
    """Score of the node `own` for its neighbour `other`."""
    if name == "gat_cos":
        return (left * own) @ (right * other)
    if name == "gat_linear":
        return torch.tanh(left @ (own if form == "paper" else other) + right @ other)
    if name == "gat_generalized_linear":
        return mixed @ torch.tanh(left * own + right * other)
    score = functional.leaky_relu(left @ own + right @ other, 0.2)
    if name == "gat_sym":
        score = score + functional.leaky_relu(left @ other + right @ own, 0.2)
    return score


def layer_aggregator(name: str, state: State, layers: list[Tensor]) -> Tensor:
    """The layers [n, H] put together; the LSTM is torch's own with the same weights."""
    if name == "l_max":
        joined = torch.stack(layers).max(dim=0).values
    elif name == "l_concat":
        joined = torch.cat(layers, dim=1)
    else:
        stacked = torch.stack(layers, dim=1)
        states, wide = state["lstm.directions.0.kept.weight"].shape[1], stacked.shape[2]
        lstm = torch.nn.LSTM(wide, states, bidirectional=True, batch_first=True).double()
        for suffix, number in (("", 0), ("_reverse", 1)):
            for kind, part in (("ih", "read"), ("hh", "kept")):
                for what in ("weight", "bias"):
                    own = state[f"lstm.directions.{number}.{part}.{what}"]
                    getattr(lstm, f"{what}_{kind}_l0{suffix}").data.copy_(own)
        with torch.no_grad():
            hidden, _ = lstm(stacked)
        scores = hidden @ state["lstm.scores.weight"].t() + state["lstm.scores.bias"]
        joined = (stacked * scores.softmax(dim=1)).sum(dim=1)
    return joined.clamp(min=0) @ state["linear.weight"].t() + state["linear.bias"]


def logits(text: str, state: State, features: Tensor, edges: Tensor, activation: str = "relu") -> Tensor:
    """Logits [n, K] of the network of a text, without dropout."""
    parts = text.split("||")
    nodes, skips, layers = parts[:3], parts[3:6], parts[6]
    if skips == ["none"] * 3:
        skips = ["none", "none", "skip"]
    looped = adjacency(edges, len(features))
    values = features @ state["stem.weight"].t() + state["stem.bias"]
    found = []
    for place, (name, skip) in enumerate(zip(nodes, skips, strict=True)):
        if "skip" not in skips[place:]:  # nothing reads it, and it has no weights
            found.append(torch.zeros_like(values))
            continue
        values = node_aggregator(name, _part(state, f"aggregators.{place}."), values, looped)
        values = values.clamp(min=0) if activation == "relu" else functional.elu(values)
        found.append(values if skip == "skip" else torch.zeros_like(values))
    joined = layer_aggregator(layers, _part(state, "layers."), found)
    return joined @ state["classifier.weight"].t() + state["classifier.bias"]


def mixed_logits(state: State, weights: dict[str, Tensor], features: Tensor, edges: Tensor) -> Tensor:
    """Logits of the supernet by loops over all operations (Liu, Simonyan & Yang 2019, equation 2)."""
    from harness.spaces.sane.encoding import LAYER_AGGREGATORS, NODE_AGGREGATORS

    looped = adjacency(edges, len(features))
    values = features @ state["stem.weight"].t() + state["stem.bias"]
    found = []
    for layer in range(3):
        total = torch.zeros_like(values)
        for place, name in enumerate(NODE_AGGREGATORS):
            own = node_aggregator(name, _part(state, f"nodes.{layer}.{name}."), values, looped)
            total = total + weights["node"][layer, place] * functional.elu(own)
        values = total
        found.append(weights["skip"][layer, 1] * values)
    joined = torch.zeros_like(values)
    for place, name in enumerate(LAYER_AGGREGATORS):
        own = layer_aggregator(name, _part(state, f"joins.0.{name}."), found)
        joined = joined + weights["layer"][0, place] * own.clamp(min=0)
    return joined @ state["classifier.weight"].t() + state["classifier.bias"]


def _part(state: State, prefix: str) -> State:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
