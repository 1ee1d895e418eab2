"""The operations of NAS-Bench-Graph, with layers of PyTorch Geometric.

Three layers are asked for their parameters alone, and compute in an own forward pass, which gives their outputs.

Legend: n nodes of the graph, E directed edges, I features of a layer's input, H hidden, A adjacency, D its degrees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch_geometric.nn import ARMAConv, ChebConv, GATConv


class Skip(nn.Module):
    """The input itself."""

    def forward(self, inputs: Tensor, edges: Tensor) -> Tensor:
        """Map [n, I] to [n, I]."""
        return inputs


class FullyConnected(nn.Module):
    """A linear layer of each node by itself."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, hidden)

    def forward(self, inputs: Tensor, edges: Tensor) -> Tensor:
        """Map [n, I] to [n, H]."""
        outputs: Tensor = self.linear(inputs)
        return outputs


class TwoHeads(nn.Module):
    """`GATConv` with two heads of H / 2 channels, its attention made by products of matrices.

    The layer's own forward pass sums products of entries, which no count of multiply-adds sees.
    """

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        from torch_geometric.nn import GATConv

        self.layer: GATConv = GATConv(features, hidden // 2, heads=2)

    def forward(self, inputs: Tensor, edges: Tensor) -> Tensor:
        """Map [n, I] to [n, H]."""
        from torch_geometric.utils import softmax

        layer, count = self.layer, len(inputs)
        own = torch.arange(count, device=edges.device).expand(2, count)
        source, target = torch.cat([edges[:, edges[0] != edges[1]], own], dim=1)
        values = layer.lin(inputs).view(count, 2, -1)  # [n, 2, H / 2]
        by_head = values.transpose(0, 1)
        sent, received = (
            torch.bmm(by_head, vector[0].unsqueeze(2)).squeeze(2).t() for vector in (layer.att_src, layer.att_dst)
        )  # [n, 2] each
        scores = functional.leaky_relu(sent[source] + received[target], layer.negative_slope)
        weights = softmax(scores, target, num_nodes=count)  # [E + n, 2]
        summed = torch.zeros_like(values).index_add(0, target, values[source] * weights.unsqueeze(2))
        outputs: Tensor = summed.flatten(1) + layer.bias
        return outputs


class Chebyshev(nn.Module):
    """`ChebConv` of two polynomials, x and -D^(-1/2) A D^(-1/2) x, that divides by no degree of zero."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        from torch_geometric.nn import ChebConv

        self.layer: ChebConv = ChebConv(features, hidden, K=2)

    def forward(self, inputs: Tensor, edges: Tensor) -> Tensor:
        """Map [n, I] to [n, H]."""
        first, second = self.layer.lins
        neighbours = weighted_sum(inputs, edges[:, edges[0] != edges[1]], counted=0)
        outputs: Tensor = first(inputs) + second(-neighbours) + self.layer.bias
        return outputs


class Arma(nn.Module):
    """`ARMAConv` of one stack and one layer, with its ReLU, that divides by no degree of zero."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        from torch_geometric.nn import ARMAConv

        self.layer: ARMAConv = ARMAConv(features, hidden, num_stacks=1, num_layers=1)

    def forward(self, inputs: Tensor, edges: Tensor) -> Tensor:
        """Map [n, I] to [n, H]."""
        layer = self.layer
        neighbours = weighted_sum(inputs @ layer.init_weight[0], edges, counted=1)
        outputs: Tensor = layer.act(neighbours + inputs @ layer.root_weight[0, 0] + layer.bias[0, 0, 0])
        return outputs


def weighted_sum(inputs: Tensor, edges: Tensor, counted: int) -> Tensor:
    """D^(-1/2) A D^(-1/2) x: the sum over neighbours, by the degrees of both ends; zero for an isolated node.

    Args:
        inputs: values [n, I] of the nodes.
        edges: source and target [2, E] of the edges.
        counted: the end whose edges a degree counts, 0 for sources and 1 for targets, which matters for edges of one
            direction only; a node with a degree of zero is in no sum, and has none.
    """
    source, target = edges
    degrees = torch.bincount(edges[counted], minlength=len(inputs)).to(inputs.dtype)
    products = degrees[source] * degrees[target]
    weights = products.clamp(min=1).rsqrt() * (products > 0)
    return torch.zeros_like(inputs).index_add(0, target, inputs[source] * weights.unsqueeze(1))


def operation(name: str, features: int, hidden: int) -> nn.Module:
    """The untrained layer of an operation: features [n, I] and edges [2, E] to [n, H]."""
    if name == "skip":
        return Skip()
    if name == "fc":
        return FullyConnected(features, hidden)
    from torch_geometric import nn as layers

    made: dict[str, Callable[[], Any]] = {
        "gat": lambda: TwoHeads(features, hidden),
        "gcn": lambda: layers.GCNConv(features, hidden),
        "gin": lambda: layers.GINConv(nn.Linear(features, hidden)),
        "cheb": lambda: Chebyshev(features, hidden),
        "sage": lambda: layers.SAGEConv(features, hidden),
        "arma": lambda: Arma(features, hidden),
        "graph": lambda: layers.GraphConv(features, hidden),
    }
    return with_torch_layers(made[name]())


def with_torch_layers(module: nn.Module) -> nn.Module:
    """The module with torch's own linear layers, which initialisations draw anew, for PyTorch Geometric's."""
    from torch_geometric.nn import Linear

    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Linear):
                layer = nn.Linear(child.in_channels, child.out_channels, bias=child.bias is not None)
                layer.weight, layer.bias = child.weight, child.bias
                setattr(parent, name, layer)
    return module
