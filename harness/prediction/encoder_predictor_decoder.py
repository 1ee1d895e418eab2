"""The network of NAO and SemiNAS: an encoder of token sequences, a predictor of a value, and a decoder back to tokens.

Luo et al., "Neural Architecture Optimization", NeurIPS 2018, and "Semi-Supervised Neural Architecture Search", NeurIPS
2020 (arXiv 2002.10389). Layers, sizes and scales are those of the code of SemiNAS for NAS-Bench-101. A sequence here is
the operation on each edge, which is all that differs between cells; the codes published with SemiNAS write the
adjacency too.

Legend: N sequences, L tokens of each, V tokens in all (0 begins a sequence, operation o is o + 1), H hidden units.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

_ROOT_HALF = 0.5**0.5


class Sizes(NamedTuple):
    """Sizes of the network.

    Attributes:
        hidden: units of embeddings, of both LSTMs and of the code, H.
        mlp: units of the predictor's hidden layer.
        dropout: share of units that are dropped in training.
    """

    hidden: int = 64
    mlp: int = 16
    dropout: float = 0.1


class EncoderPredictorDecoder(nn.Module):
    """The network; its first weights and its dropout follow from torch's random state.

    Args:
        length: tokens of a sequence, L.
        operations: operations that a token may be, V - 1.
        sizes: sizes of its layers.
    """

    def __init__(self, length: int, operations: int, sizes: Sizes = Sizes()) -> None:  # noqa: B008
        super().__init__()
        hidden = sizes.hidden
        self.length = length
        self.dropout = nn.Dropout(sizes.dropout)
        self.embedding = nn.Embedding(operations + 1, hidden)
        self.encoder = nn.LSTM(hidden, hidden, batch_first=True, bidirectional=True)
        self.joined = nn.Linear(2 * hidden, hidden)
        self.predictor = nn.Sequential(
            nn.Linear(hidden, sizes.mlp), nn.ReLU(), nn.Dropout(sizes.dropout),
            nn.Linear(sizes.mlp, hidden), nn.ReLU(), nn.Dropout(sizes.dropout),
        )  # fmt: skip
        self.value = nn.Linear(hidden, 1)
        self.target_embedding = nn.Embedding(operations + 1, hidden)
        self.decoder = nn.LSTM(hidden, hidden, batch_first=True)
        self.attention = nn.Linear(2 * hidden, hidden)
        self.token = nn.Linear(hidden, operations + 1)

    def encode(self, tokens: Tensor) -> Tensor:
        """The code of each position, of norm 1: [N, L, H] of tokens [N, L]."""
        embedded = self.dropout(self.embedding(tokens))
        found = self.joined(self.encoder(embedded)[0]) + embedded
        return normalize(found, dim=-1)

    def summary(self, codes: Tensor) -> Tensor:
        """The code z of each sequence, of norm 1: [N, H] of the codes [N, L, H] of positions."""
        return normalize(codes.mean(dim=1), dim=-1)

    def predict(self, codes: Tensor) -> Tensor:
        """The predicted value, [N], of the codes [N, L, H] of positions."""
        z = self.summary(codes)
        found: Tensor = self.value((z + self.predictor(z)) * _ROOT_HALF)
        return found[:, 0]

    def decode(self, codes: Tensor, tokens: Tensor) -> Tensor:
        """Logits [N, L, V] of each token, where the tokens [N, L] before it are given (teacher forcing)."""
        z = self.summary(codes)[None]
        before = torch.cat([torch.zeros_like(tokens[:, :1]), tokens[:, :-1]], dim=1)
        return self._logits(codes, before, (z, z))[0]

    def greedy(self, codes: Tensor) -> Tensor:
        """The tokens [N, L] that the decoder finds likeliest one after the other, never that of the beginning."""
        z = self.summary(codes)[None]
        state, last, found = (z, z), torch.zeros(len(codes), 1, dtype=torch.long), []
        for _ in range(self.length):
            logits, state = self._logits(codes, last, state)
            last = logits[:, :, 1:].argmax(dim=-1) + 1
            found.append(last)
        return torch.cat(found, dim=1)

    def _logits(
        self, codes: Tensor, before: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Logits after tokens, and the state of the LSTM; attention as in Luong et al. (2015), by products."""
        inputs = self.dropout(self.target_embedding(before))
        outputs, state = self.decoder(inputs, state)
        x = (inputs + outputs) * _ROOT_HALF
        mixed = (x @ codes.transpose(1, 2)).softmax(dim=-1) @ codes
        x = (torch.tanh(self.attention(torch.cat([mixed, x], dim=-1))) + x) * _ROOT_HALF
        return self.token(x), state
