"""The supernet of SANE (Zhao, Yao & Tu 2021): all aggregators of every layer, mixed, as the authors' search does it.

Each node aggregator ends in an ELU and each layer aggregator in a ReLU before they are mixed, and training drops half
of the entries everywhere. A weight is `nodes.LAYER.AGGREGATOR...` or `joins.0.AGGREGATOR...`.

Legend: n nodes of the graph, E directed edges, N nodes with targets, I features of a node, H hidden, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.spaces.group import Masks
from harness.spaces.mixing import Term, summed
from harness.spaces.sane.aggregators import aggregator
from harness.spaces.sane.derivation import GROUPS
from harness.spaces.sane.encoding import LAYERS, SKIPS
from harness.spaces.sane.layers import LayerAggregator
from harness.spaces.sane.network import stem_values, with_loops
from harness.spaces.supernet import MixedLayers, Mixture, Supernet

DROPPED = 0.5
_SKIP = SKIPS.index("skip")
Graph = tuple[Tensor, Tensor, Tensor]
"""Features [n, I], edges [2, E] and nodes [N]."""


class SaneSupernet(Supernet):
    """A graph and its nodes with targets to the logits [N, K] of these nodes.

    Args:
        features: features of a node of the graph.
        classes: number of logits, K.
        hidden: width of the layers, H; a multiple of 8.
        form: form of the attention (`harness.spaces.sane.forms`).
        operations: Boolean masks of the operations that exist, by group [E, O]; None for all.
        dropped: share of the entries that training drops.
    """

    def __init__(
        self,
        *,
        features: int,
        classes: int,
        hidden: int,
        form: str,
        operations: Masks | None = None,
        dropped: float = DROPPED,
    ) -> None:
        super().__init__(GROUPS, operations)
        self.stem = nn.Linear(features, hidden)
        names = GROUPS["node"].operations
        made = (
            nn.ModuleDict({name: aggregator(name, hidden, form=form, dropped=dropped) for name in names})
            for _ in range(LAYERS)
        )
        self.nodes = MixedLayers("node", list(made))
        joins = {name: LayerAggregator(name, hidden) for name in GROUPS["layer"].operations}
        self.joins = MixedLayers("layer", [nn.ModuleDict(joins)])
        self.classifier = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(dropped)

    def logits(self, inputs: Graph, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Logits [N, K] of the named nodes, from the whole graph."""
        features, edges, nodes = inputs
        looped = with_loops(edges, len(features))
        state = self.dropout(stem_values(self.stem, features))
        skips, read = mixtures["skip"], []
        for place in range(LAYERS):
            state = self.dropout(self._layer(place, state, looped, mixtures["node"]))
            kept = skips.computed[place][_SKIP]
            shown = state[nodes]
            read.append(shown * skips.coefficients[place, _SKIP] if kept else torch.zeros_like(shown))
        terms: list[Term] = []
        for column, name in enumerate(GROUPS["layer"].operations):
            if mixtures["layer"].computed[0][column]:
                joined = self._of(self.joins, 0)[name](read)
                terms.append((functional.relu(joined), mixtures["layer"].coefficients[0, column]))
        logits: Tensor = self.classifier(self.dropout(summed(terms)))
        return logits

    def _layer(self, place: int, state: Tensor, looped: Tensor, mixture: Mixture) -> Tensor:
        """The mixed values [n, H] of a layer; zeros where no operation is computed."""
        terms: list[Term] = []
        for column, name in enumerate(GROUPS["node"].operations):
            if mixture.computed[place][column]:
                values = functional.elu(self._of(self.nodes, place)[name](state, looped))
                terms.append((values, mixture.coefficients[place, column]))
        return summed(terms) if terms else torch.zeros_like(state)

    @staticmethod
    def _of(layers: MixedLayers, place: int) -> nn.ModuleDict:
        found = layers[place]
        assert isinstance(found, nn.ModuleDict)
        return found
