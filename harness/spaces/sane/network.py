"""The network of an architecture of SANE (Zhao, Yao & Tu 2021), as the authors' code builds it.

A linear layer of the features, then the layers, each a node aggregator and an activation; the layer aggregator; a
linear classifier. A layer that is not read counts as zeros. The last layer is read where no skip reads any.

Legend: n nodes of the graph, E directed edges, N nodes with targets, I features of a node, H hidden, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from harness.spaces.sane.aggregators import aggregator
from harness.spaces.sane.encoding import LAYERS, SaneArchitecture, representative
from harness.spaces.sane.forms import PAPER
from harness.spaces.sane.layers import LayerAggregator

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "elu": nn.ELU}


class Dropped(NamedTuple):
    """Shares that training drops at random.

    Attributes:
        inputs: of the values behind the first linear layer and behind each layer.
        outputs: of the values that the classifier reads.
        messages: of messages and weights of attention (`harness.spaces.sane.aggregators.aggregator`).
    """

    inputs: float = 0.0
    outputs: float = 0.0
    messages: float = 0.0


NOTHING = Dropped()


class SaneNetwork(nn.Module):
    """Features [n, I], edges [2, E] and nodes [N] to the logits [N, K] of these nodes.

    Args:
        architecture: the architecture.
        features: features of a node of the graph.
        classes: number of logits, K.
        hidden: width of the layers, H; a multiple of 8.
        form: form of the attention, `paper` or `code` (`harness.spaces.sane.forms`).
        activation: `relu` or `elu`.
        dropped: shares that training drops.
    """

    def __init__(
        self,
        architecture: SaneArchitecture,
        *,
        features: int,
        classes: int,
        hidden: int,
        form: str = PAPER,
        activation: str = "relu",
        dropped: Dropped = NOTHING,
    ) -> None:
        super().__init__()
        chosen = representative(architecture)
        self.read = chosen.read
        self.stem = nn.Linear(features, hidden)
        self.aggregators = nn.ModuleList(
            aggregator(name, hidden, form=form, dropped=dropped.messages) for name in chosen.nodes[: chosen.depth]
        )
        self.activations = nn.ModuleList(ACTIVATIONS[activation]() for _ in self.aggregators)
        self.layers = LayerAggregator(chosen.layers, hidden)
        self.classifier = nn.Linear(hidden, classes)
        self.dropout, self.last_dropout = nn.Dropout(dropped.inputs), nn.Dropout(dropped.outputs)

    def forward(self, features: Tensor, edges: Tensor, nodes: Tensor) -> Tensor:
        """Logits [N, K] of the named nodes, from the whole graph; the features may be sparse."""
        looped = with_loops(edges, len(features))
        state = self.dropout(stem_values(self.stem, features))
        layers = []
        for place, layer in enumerate(self.aggregators):
            state = self.dropout(self.activations[place](layer(state, looped)))
            layers.append(state if self.read[place] else torch.zeros_like(state))
        layers += [torch.zeros_like(state)] * (LAYERS - len(layers))
        logits: Tensor = self.classifier(self.last_dropout(self.layers(layers)))
        return logits[nodes]


def stem_values(stem: nn.Linear, features: Tensor) -> Tensor:
    """The values [n, H] that a linear layer gives for features [n, I], which may be sparse."""
    if features.layout == torch.strided:
        dense: Tensor = stem(features)
        return dense
    sparse: Tensor = torch.sparse.mm(features, stem.weight.t())
    return sparse if stem.bias is None else sparse + stem.bias


def with_loops(edges: Tensor, nodes: int) -> Tensor:
    """The edges [2, E] without those from a node to itself, and then one such edge for each node."""
    own = torch.arange(nodes, device=edges.device).expand(2, nodes)
    return torch.cat([edges[:, edges[0] != edges[1]], own], dim=1)
