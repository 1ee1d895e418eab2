"""The layer aggregators of SANE: how the outputs of all layers are put together (jumping knowledge, Xu et al. 2018).

Legend: n nodes of the graph, H hidden, L = 3 layers, S = L H / 2 states of each direction of the LSTM.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from harness.spaces.sane.encoding import LAYERS


class LayerAggregator(nn.Module):
    """W relu(joined) + b of the values of the layers, joined by their maximum, their concatenation or an LSTM."""

    def __init__(self, name: str, hidden: int) -> None:
        super().__init__()
        self.name = name
        self.lstm = BothWays(hidden) if name == "l_lstm" else None
        self.relu = nn.ReLU()
        self.linear = nn.Linear(LAYERS * hidden if name == "l_concat" else hidden, hidden)

    def forward(self, layers: Sequence[Tensor]) -> Tensor:
        """Map the values [n, H] of each layer to [n, H]."""
        outputs: Tensor = self.linear(self.relu(self._joined(layers)))
        return outputs

    def _joined(self, layers: Sequence[Tensor]) -> Tensor:
        if self.lstm is not None:
            joined: Tensor = self.lstm(layers)
            return joined
        if self.name == "l_concat":
            return torch.cat(list(layers), dim=1)
        return torch.stack(list(layers)).amax(dim=0)


class BothWays(nn.Module):
    """A mean of the layers, weighted by the states of an LSTM that runs over them in both directions.

    Of linear layers, since torch's own LSTM has no second derivatives on every device.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        states = LAYERS * hidden // 2
        self.directions = nn.ModuleList(_Cell(hidden, states) for _ in range(2))
        self.scores = nn.Linear(2 * states, 1)

    def forward(self, layers: Sequence[Tensor]) -> Tensor:
        """Map the values [n, H] of each layer to [n, H]."""
        forward, backward = self.directions
        first, second = forward(layers), backward(layers[::-1])[::-1]
        scores = [self.scores(torch.cat(both, dim=1)) for both in zip(first, second, strict=True)]
        weights = torch.cat(scores, dim=1).softmax(dim=1)  # [n, L]
        return (torch.stack(list(layers), dim=1) * weights.unsqueeze(2)).sum(dim=1)


class _Cell(nn.Module):
    """The cell of an LSTM, from states of zeros; its four gates are stacked."""

    def __init__(self, inputs: int, states: int) -> None:
        super().__init__()
        self.read, self.kept = nn.Linear(inputs, 4 * states), nn.Linear(states, 4 * states)
        bound = 1 / math.sqrt(states)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, layers: Sequence[Tensor]) -> list[Tensor]:
        """Map the values [n, H] of each layer to the states [n, S] behind each."""
        state = memory = layers[0].new_zeros(len(layers[0]), self.kept.in_features)
        found = []
        for values in layers:
            taken, forgotten, candidate, shown = (self.read(values) + self.kept(state)).chunk(4, dim=1)
            memory = forgotten.sigmoid() * memory + taken.sigmoid() * candidate.tanh()
            state = shown.sigmoid() * memory.tanh()
            found.append(state)
        return found
