"""The network of an architecture of NAS-Bench-Graph, with layers of PyTorch Geometric.

A node of the architecture is its operation, a batch norm and a ReLU; a skip passes its input on. The outputs that no
node reads are concatenated, then come a linear layer with a ReLU (`head_layers` 2) and the classifier. Layers and
widths follow from the parameters that the package prints (`harness.spaces.nasbench_graph.cost`). What they do not tell
is our choice: the batch norm (layer norm has as many parameters) and its place, ReLU, no dropout, and that the norms of
skips, which the numbers have too, are not applied.

Legend: n nodes of the graph, E directed edges, N nodes with targets, I features of an input, H hidden, K classes.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise

import torch
from torch import Tensor, nn

from harness.errors import InstallationError
from harness.spaces.nasbench_graph.cost import widths
from harness.spaces.nasbench_graph.encoding import GraphArchitecture, representative
from harness.spaces.nasbench_graph.operations import operation


class GraphNetwork(nn.Module):
    """Features [n, I], edges [2, E] and nodes [N] to the logits [N, K] of these nodes.

    Args:
        architecture: the architecture, in any of its encodings.
        features: features of a node of the graph.
        classes: number of logits, K.
        hidden: width of the operations, H; an even number, for the two heads of `gat`.
        head_layers: linear layers behind the operations, with the classifier.
        linear_before: whether a linear layer brings the features to `hidden` first.
    """

    def __init__(
        self,
        architecture: GraphArchitecture,
        *,
        features: int,
        classes: int,
        hidden: int,
        head_layers: int,
        linear_before: bool = False,
    ) -> None:
        super().__init__()
        chosen = representative(architecture)
        self.link, self.leaves = chosen.link, chosen.leaves
        self.stem = nn.Linear(features, hidden) if linear_before else nn.Identity()
        wide = widths(chosen, hidden if linear_before else features, hidden)
        read = [wide[source] for source in chosen.link]
        self.operations = nn.ModuleList(map(operation, chosen.operations, read, [hidden] * len(read)))
        self.norms = nn.ModuleList(nn.BatchNorm1d(hidden) for _ in read)
        self.activations = nn.ModuleList(nn.ReLU() for _ in read)
        self.skips = tuple(name == "skip" for name in chosen.operations)
        ends = [len(self.leaves) * hidden, *[hidden] * (head_layers - 1)]
        before = [layer for sizes in pairwise(ends) for layer in (nn.Linear(*sizes), nn.ReLU())]
        self.head = nn.Sequential(*before, nn.Linear(ends[-1], classes))

    def forward(self, features: Tensor, edges: Tensor, nodes: Tensor) -> Tensor:
        """Logits [N, K] of the named nodes, from the whole graph."""
        states = [self.stem(features)]
        for place, source in enumerate(self.link):
            state = self.operations[place](states[source], edges)
            states.append(state if self.skips[place] else self.activations[place](self.norms[place](state)))
        logits: Tensor = self.head(torch.cat([states[leaf] for leaf in self.leaves], dim=1))
        return logits[nodes]


def check_torch_geometric() -> None:
    """Refuse to go on without PyTorch Geometric.

    Raises:
        InstallationError: naming the extra that has it.
    """
    if find_spec("torch_geometric") is None:
        raise InstallationError("graph networks need torch_geometric: pip install 'nasinit[graphs]'")
