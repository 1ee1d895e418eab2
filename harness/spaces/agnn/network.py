"""The network of an architecture of AGNN's space, as message passing: two layers, then a linear classifier.

A layer is x'_i = act(combine(agg_j w_ij z_j + b)) with z = W x; the weights w of a head are those of an attention
function e, and what is learnt is divided by its sum over the neighbours (softmax):

    const        w = 1
    gcn          w = 1 / √(d_i d_j)
    gat          e = LeakyReLU(a_l · z_i + a_r · z_j)
    sym-gat      e_ij + e_ji of gat
    cos          e = z_i · z_j
    linear       e = tanh(a_r · z_j)
    gene-linear  e = w_g · tanh(a_l ∘ z_i + a_r ∘ z_j)

Every node is its own neighbour, and d counts it. The paper's body was not seen. Our choices: gene-linear has vectors
where matrices are conceivable, as in SANE's code; the heads share the width of a layer; the perceptron of `mlp` has the
width of its layer, and a ReLU inside; a linear classifier follows, so that every choice of the second layer matters.

Legend: n nodes of the graph, E directed edges, N nodes with targets, I features of an input, H width of a layer, A
heads of C = H / A channels, K classes; z [n, A, C]; i the target of an edge and j its source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch_geometric.nn import MessagePassing
from torch_geometric.utils import degree, softmax

from harness.spaces.agnn.encoding import AgnnArchitecture, Layer, representative
from harness.spaces.sane.aggregators import SCORES, glorot, linear_layer
from harness.spaces.sane.network import stem_values, with_loops

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "identity": nn.Identity,
    "softplus": nn.Softplus,
    "leaky_relu": nn.LeakyReLU,
    "relu6": nn.ReLU6,
    "elu": nn.ELU,
}
_OF_SANE = {"gat": "gat", "sym-gat": "gat_sym", "gene-linear": "gat_generalized_linear"}


class GraphLayer(MessagePassing):  # type: ignore[misc]  # torch_geometric is not followed
    """One layer: values [n, I], which may be sparse, and edges [2, E], with loops, to [n, H].

    Args:
        choices: the choices of the layer, whose `hidden` is not read.
        inputs: width of the values that it reads, I.
        hidden: width of the layer, H; a multiple of its heads.

    Attributes:
        left: a_l, [H]; of `gat`, `sym-gat` and `gene-linear`.
        right: a_r, [H]; of these and of `linear`.
        mixed: w_g, [C]; of `gene-linear` alone.
    """

    def __init__(self, choices: Layer, inputs: int, hidden: int) -> None:
        super().__init__(aggr=choices.aggregate, node_dim=0)
        self.attention, self.heads = choices.attention, int(choices.heads)
        self.linear = linear_layer(inputs, hidden)
        channels = hidden // self.heads
        if self.attention in _OF_SANE:
            self.left = nn.Parameter(glorot(hidden, self.heads + channels))
        if self.attention in (*_OF_SANE, "linear"):
            self.right = nn.Parameter(glorot(hidden, self.heads + channels))
        if self.attention == "gene-linear":
            self.mixed = nn.Parameter(glorot(channels, channels + 1))
        self.bias = nn.Parameter(torch.zeros(hidden))
        self.combine: nn.Module = nn.Identity()
        if choices.combine == "mlp":
            self.combine = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, hidden))
        self.activation = ACTIVATIONS[choices.activation]()

    def forward(self, inputs: Tensor, edges: Tensor) -> Tensor:
        """Map [n, I] to [n, H]."""
        values = stem_values(self.linear, inputs).view(len(inputs), self.heads, -1)
        joined = self.propagate(edges, values=values, weights=self._weights(values, edges))
        outputs: Tensor = self.activation(self.combine(joined.flatten(1) + self.bias))
        return outputs

    def message(self, values_j: Tensor, weights: Tensor | None) -> Tensor:
        """The message of each edge, [E, A, C]."""
        return values_j if weights is None else values_j * weights.unsqueeze(2)

    def _weights(self, values: Tensor, edges: Tensor) -> Tensor | None:
        """The weights of the edges [E, A], or [E, 1] where all heads have the same; None where all are 1."""
        source, target = edges
        if self.attention == "const":
            return None
        if self.attention == "gcn":
            roots: Tensor = degree(target, len(values), dtype=values.dtype).rsqrt()
            return (roots[source] * roots[target]).unsqueeze(1)
        weights: Tensor = softmax(self._scores(values, source, target), target, num_nodes=len(values))
        return weights

    def _scores(self, values: Tensor, source: Tensor, target: Tensor) -> Tensor:
        """The scores e of the edges, [E, A]."""
        if self.attention == "cos":
            return (values[target] * values[source]).sum(dim=2)
        right: Tensor = values * self.right.view(self.heads, -1)
        if self.attention == "linear":
            return right.sum(dim=2)[source].tanh()
        left: Tensor = values * self.left.view(self.heads, -1)
        return SCORES[_OF_SANE[self.attention]](self, left, right, source, target)


class AgnnNetwork(nn.Module):
    """Features [n, I], which may be sparse, edges [2, E] and nodes [N] to the logits [N, K] of these nodes.

    Args:
        architecture: the architecture, in any of its encodings.
        features: features of a node of the graph, I.
        classes: number of logits, K.
        dropped: share of the entries that each layer reads that training drops.
        dropped_last: share of the entries that the classifier reads that training drops.
    """

    def __init__(
        self,
        architecture: AgnnArchitecture,
        *,
        features: int,
        classes: int,
        dropped: float = 0.0,
        dropped_last: float = 0.0,
    ) -> None:
        super().__init__()
        layers = representative(architecture).layers
        widths = [features, *(int(layer.hidden) for layer in layers)]
        self.layers = nn.ModuleList(map(GraphLayer, layers, widths, widths[1:]))
        self.classifier = nn.Linear(widths[-1], classes)
        self.dropout, self.last_dropout = nn.Dropout(dropped), nn.Dropout(dropped_last)

    def forward(self, features: Tensor, edges: Tensor, nodes: Tensor) -> Tensor:
        """Logits [N, K] of the named nodes, from the whole graph."""
        looped, state = with_loops(edges, len(features)), features
        for layer in self.layers:
            state = layer(dropped_entries(self.dropout, state), looped)
        logits: Tensor = self.classifier(self.last_dropout(state))
        return logits[nodes]


class PlainGcn(nn.Module):
    """Two graph convolutions with a ReLU between them, the second of which gives the logits (Kipf & Welling 2017).

    Args:
        features: features of a node of the graph, I.
        classes: number of logits, K.
        hidden: width of the first layer.
        dropped: share of the entries that each layer reads that training drops.
    """

    def __init__(self, *, features: int, classes: int, hidden: int = 16, dropped: float = 0.5) -> None:
        super().__init__()
        first, second = (Layer("16", "gcn", "1", "sum", "identity", name) for name in ("relu", "identity"))
        self.first, self.second = GraphLayer(first, features, hidden), GraphLayer(second, hidden, classes)
        self.dropout = nn.Dropout(dropped)

    def forward(self, features: Tensor, edges: Tensor, nodes: Tensor) -> Tensor:
        """Logits [N, K] of the named nodes, from the whole graph."""
        looped = with_loops(edges, len(features))
        state = self.first(dropped_entries(self.dropout, features), looped)
        logits: Tensor = self.second(self.dropout(state), looped)
        return logits[nodes]


def dropped_entries(dropout: nn.Module, values: Tensor) -> Tensor:
    """The values [n, I] with some entries dropped; of sparse values those that are there."""
    if values.layout == torch.strided:
        dense: Tensor = dropout(values)
        return dense
    if not dropout.training:
        return values
    known = values.coalesce()
    return torch.sparse_coo_tensor(
        known.indices(), dropout(known.values()), known.shape, is_coalesced=True, check_invariants=False
    )
