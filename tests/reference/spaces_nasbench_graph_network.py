"""Slow plain layers of graph networks: sums over neighbours as loops or dense matrices, from the layers' papers."""

from __future__ import annotations

import torch
from torch import Tensor


def adjacency(edges: Tensor, nodes: int) -> Tensor:
    """A [n, n] in float64, with A[i, j] the number of edges from j to i."""
    matrix = torch.zeros(nodes, nodes, dtype=torch.float64)
    for source, target in edges.t().tolist():
        matrix[target, source] += 1
    return matrix


def normalised(matrix: Tensor) -> Tensor:
    """D^(-1/2) A D^(-1/2); rows and columns of a node without edges are zero."""
    degrees = matrix.sum(dim=1)
    root = torch.where(degrees > 0, degrees.clamp(min=1) ** -0.5, torch.zeros_like(degrees))
    return root[:, None] * matrix * root[None, :]


def layer(name: str, weights: dict[str, Tensor], inputs: Tensor, edges: Tensor) -> Tensor:
    """The outputs [n, H] of an operation, from its weights by their names in the network."""
    count = len(inputs)
    plain = adjacency(edges, count)
    if name == "fc":
        return inputs @ weights["linear.weight"].t() + weights["linear.bias"]
    if name == "gcn":  # Kipf & Welling 2017, with self loops
        return normalised(plain + torch.eye(count)) @ inputs @ weights["lin.weight"].t() + weights["bias"]
    if name == "gin":  # Xu et al. 2019, ε = 0, one linear layer
        return (inputs + plain @ inputs) @ weights["nn.weight"].t() + weights["nn.bias"]
    if name == "cheb":  # Defferrard et al. 2016, two polynomials, λ_max = 2
        second = -normalised(plain) @ inputs
        return (
            inputs @ weights["layer.lins.0.weight"].t()
            + second @ weights["layer.lins.1.weight"].t()
            + weights["layer.bias"]
        )
    if name == "sage":  # Hamilton et al. 2017, mean
        mean = plain @ inputs / plain.sum(dim=1, keepdim=True).clamp(min=1)
        return mean @ weights["lin_l.weight"].t() + weights["lin_l.bias"] + inputs @ weights["lin_r.weight"].t()
    if name == "arma":  # Bianchi et al. 2021, one stack, one layer
        near = normalised(plain) @ inputs @ weights["layer.init_weight"][0]
        return (near + inputs @ weights["layer.root_weight"][0, 0] + weights["layer.bias"][0, 0, 0]).clamp(min=0)
    if name == "graph":  # Morris et al. 2019
        summed = plain @ inputs @ weights["lin_rel.weight"].t() + weights["lin_rel.bias"]
        return summed + inputs @ weights["lin_root.weight"].t()
    assert name == "gat"
    return attention(weights, inputs, plain + torch.eye(count))


def attention(weights: dict[str, Tensor], inputs: Tensor, plain: Tensor) -> Tensor:
    """Veličković et al. 2018: each node's softmax over the nodes whose edges end in it, and itself, by two heads."""
    values = inputs @ weights["layer.lin.weight"].t()
    half = values.shape[1] // 2
    outputs = torch.zeros_like(values)
    for head in range(2):
        own = values[:, head * half : (head + 1) * half]
        sent, received = (own @ weights[f"layer.att_{end}"][0, head] for end in ("src", "dst"))
        for node in range(len(inputs)):
            near = torch.nonzero(plain[node]).flatten()
            scores = sent[near] + received[node]
            shares = torch.where(scores > 0, scores, 0.2 * scores).exp()
            outputs[node, head * half : (head + 1) * half] = (shares / shares.sum()) @ own[near]
    return outputs + weights["layer.bias"]


def logits(weights: dict[str, Tensor], link: tuple[int, ...], operations: tuple[str, ...],
           inputs: Tensor, edges: Tensor) -> Tensor:  # fmt: skip
    """Logits [n, K] of all nodes in eval mode, where a batch norm at initialisation divides by √(1 + 1e-5)."""
    states = [inputs]
    for place, (source, name) in enumerate(zip(link, operations, strict=True)):
        if name == "skip":
            states.append(states[source])
            continue
        start = f"operations.{place}."
        own = {key.removeprefix(start): value for key, value in weights.items() if key.startswith(start)}
        states.append((layer(name, own, states[source], edges) / (1 + 1e-5) ** 0.5).clamp(min=0))
    joined = torch.cat([states[node] for node in range(1, 5) if node not in link], dim=1)
    hidden = (joined @ weights["head.0.weight"].t() + weights["head.0.bias"]).clamp(min=0)
    return hidden @ weights["head.2.weight"].t() + weights["head.2.bias"]
