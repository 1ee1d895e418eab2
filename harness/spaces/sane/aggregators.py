"""The node aggregators of SANE as message passing: how a node puts its neighbours and itself together.

Graphs have an edge from each node to itself, as in the authors' code, which `gin` then counts twice. Messages and
weights of attention can be dropped at random. SANE's own body was not seen: what is called the form of the paper is our
reading of its attention.

Legend: n nodes of the graph, E directed edges, H hidden, A heads of C = H / A channels; z = W x [n, A, C]; i the target
of an edge and j its source.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn import GCNConv, GINConv, MessagePassing, SAGEConv
from torch_geometric.utils import softmax

from harness.spaces.nasbench_graph.operations import with_torch_layers
from harness.spaces.sane.cost import HEADS
from harness.spaces.sane.forms import PAPER

_SLOPE = 0.2
"""Slope of the leaky ReLU of attention."""


def aggregator(name: str, hidden: int, *, form: str = PAPER, dropped: float = 0.0) -> nn.Module:
    """The untrained layer of a node aggregator: values [n, H] and edges [2, E], with loops, to [n, H].

    Args:
        name: name of the aggregator.
        hidden: width H, a multiple of the eight heads of attention.
        form: form of the attention, `paper` or `code` (`harness.spaces.sane.forms`).
        dropped: share of the messages' entries (`sage_sum`, `sage_max`) or weights of attention (the others with
            attention, but for `geniepath`) that training drops.
    """
    if name == "sage":
        return with_torch_layers(SAGEConv(hidden, hidden, normalize=True))
    if name == "gcn":
        return with_torch_layers(GCNConv(hidden, hidden, add_self_loops=False))
    if name == "gin":
        layer: nn.Module = GINConv(nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, hidden)))
        return layer
    if name in ("sage_sum", "sage_max"):
        return Messages(hidden, name.removeprefix("sage_"), dropped)
    if name == "geniepath":
        return GeniePath(hidden)
    return Attention(name, hidden, HEADS, form, dropped)


class Messages(MessagePassing):  # type: ignore[misc]  # torch_geometric is not followed
    """x'_i = agg_j W x_j + b, the sum or the largest entries of the messages."""

    def __init__(self, hidden: int, kind: str, dropped: float) -> None:
        super().__init__(aggr=kind)
        self.linear = linear_layer(hidden, hidden)
        self.bias = nn.Parameter(torch.zeros(hidden))
        self.dropout = nn.Dropout(dropped)

    def forward(self, inputs: Tensor, edges: Tensor) -> Tensor:
        """Map [n, H] to [n, H]."""
        outputs: Tensor = self.propagate(edges, values=self.linear(inputs)) + self.bias
        return outputs

    def message(self, values_j: Tensor) -> Tensor:
        """The message of each edge, [E, H]."""
        dropped: Tensor = self.dropout(values_j)
        return dropped


class Attention(MessagePassing):  # type: ignore[misc]
    """x'_i = Σ_j softmax_j(e_ij) z_j + b in each head, with the scores e of one of the five attentions.

    In the form of the paper the weights of the edges that end in a node sum to one. In that of the code, but for `gat`,
    it is those of the edges that begin in one, while messages are summed where edges end.

    Attributes:
        left: a_l, [H].
        right: a_r, [H].
        mixed: w_g, [C]; of `gat_generalized_linear` alone.
    """

    def __init__(self, name: str, hidden: int, heads: int, form: str, dropped: float) -> None:
        super().__init__(aggr="sum", node_dim=0)
        self.name, self.heads, self.form = name, heads, PAPER if name == "gat" else form
        self.linear = linear_layer(hidden, hidden)
        channels = hidden // heads
        self.left, self.right = (nn.Parameter(glorot(hidden, heads + channels)) for _ in range(2))
        if name == "gat_generalized_linear":
            self.mixed = nn.Parameter(glorot(channels, channels + 1))
        self.bias = nn.Parameter(torch.zeros(hidden))
        self.dropout = nn.Dropout(dropped)

    def forward(self, inputs: Tensor, edges: Tensor) -> Tensor:
        """Map [n, H] to [n, H]."""
        flat = self.linear(inputs)
        left, right = ((flat * vector).unflatten(1, (self.heads, -1)) for vector in (self.left, self.right))
        source, target = edges
        grouped = target if self.form == PAPER else source
        weights = softmax(SCORES[self.name](self, left, right, source, target), grouped, num_nodes=len(inputs))
        values = flat.unflatten(1, (self.heads, -1))
        outputs: Tensor = self.propagate(edges, values=values, weights=self.dropout(weights))
        return outputs.flatten(1) + self.bias

    def message(self, values_j: Tensor, weights: Tensor) -> Tensor:
        """The message of each edge, [E, A, C]."""
        return values_j * weights.unsqueeze(2)


class GeniePath(nn.Module):
    """tanh of attention with one head, then the step of an LSTM from a memory of zeros (Liu et al. 2019).

    The memory is not carried from layer to layer, as in the authors' code of SANE, so that the forget gate and the
    products with the former state have no effect, and are not here.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.breadth = Attention("gat", hidden, 1, PAPER, 0.0)
        self.gates = nn.Linear(hidden, 3 * hidden, bias=False)

    def forward(self, inputs: Tensor, edges: Tensor) -> Tensor:
        """Map [n, H] to [n, H]."""
        taken, candidate, shown = self.gates(self.breadth(inputs, edges).tanh()).chunk(3, dim=1)
        outputs: Tensor = shown.sigmoid() * (taken.sigmoid() * candidate.tanh()).tanh()
        return outputs


Scores = Callable[[Any, Tensor, Tensor, Tensor, Tensor], Tensor]
"""A layer, a_l ∘ z and a_r ∘ z [n, A, C], source and target [E] of the edges, to scores [E, A]."""


def _gat(layer: Any, left: Tensor, right: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """LeakyReLU(a_l · z_i + a_r · z_j)."""
    return functional.leaky_relu(left.sum(dim=2)[target] + right.sum(dim=2)[source], _SLOPE)


def _symmetric(layer: Any, left: Tensor, right: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """e_ij + e_ji, with the scores of `gat`."""
    return _gat(layer, left, right, source, target) + _gat(layer, left, right, target, source)


def _cosine(layer: Any, left: Tensor, right: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """(a_l ∘ z_i) · (a_r ∘ z_j)."""
    return (left[target] * right[source]).sum(dim=2)


def _linear(layer: Attention, left: Tensor, right: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """tanh(a_l · z_i + a_r · z_j); in the code's form z_j stands in both places."""
    read = target if layer.form == PAPER else source
    return (left.sum(dim=2)[read] + right.sum(dim=2)[source]).tanh()


def _generalised(layer: Any, left: Tensor, right: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """w_g · tanh(a_l ∘ z_i + a_r ∘ z_j)."""
    scores: Tensor = ((left[target] + right[source]).tanh() * layer.mixed).sum(dim=2)
    return scores


SCORES: dict[str, Scores] = {
    "gat": _gat,
    "gat_sym": _symmetric,
    "gat_cos": _cosine,
    "gat_linear": _linear,
    "gat_generalized_linear": _generalised,
}
"""Scores of attention by name."""


def linear_layer(inputs: int, hidden: int) -> nn.Linear:
    """A linear layer without a bias, with weights as Glorot & Bengio (2010) draw them uniformly."""
    layer = nn.Linear(inputs, hidden, bias=False)
    nn.init.xavier_uniform_(layer.weight)
    return layer


def glorot(size: int, ends: int) -> Tensor:
    """A vector of uniform entries between ±√(6 / ends)."""
    bound = math.sqrt(6 / ends)
    return torch.empty(size).uniform_(-bound, bound)
