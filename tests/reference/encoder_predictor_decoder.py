"""The network of SemiNAS one sequence and one position at a time, from its weights by name, in float64 numpy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _unit(x):
    return x / np.sqrt((x * x).sum())


class Plain:
    """The network's arithmetic for single sequences; `weights` are its named arrays."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.w = {name: np.asarray(value, dtype=np.float64) for name, value in weights.items()}

    def linear(self, name, x):
        return self.w[f"{name}.weight"] @ x + self.w[f"{name}.bias"]

    def cell(self, name, end, x, h, c):
        w = self.w
        gates = w[f"{name}.weight_ih_l0{end}"] @ x + w[f"{name}.bias_ih_l0{end}"]
        gates = gates + w[f"{name}.weight_hh_l0{end}"] @ h + w[f"{name}.bias_hh_l0{end}"]
        take, forget, new, show = np.split(gates, 4)
        c = _sigmoid(forget) * c + _sigmoid(take) * np.tanh(new)
        return _sigmoid(show) * np.tanh(c), c

    def codes(self, tokens):
        embedded = [self.w["embedding.weight"][token] for token in tokens]
        zero = np.zeros_like(embedded[0])
        passes = []
        for end, order in (("", embedded), ("_reverse", embedded[::-1])):
            h, c, outputs = zero, zero, []
            for x in order:
                h, c = self.cell("encoder", end, x, h, c)
                outputs.append(h)
            passes.append(outputs if not end else outputs[::-1])
        return [
            _unit(self.linear("joined", np.concatenate([one, other])) + x)
            for one, other, x in zip(*passes, embedded, strict=True)
        ]

    def value(self, codes):
        z = _unit(sum(codes) / len(codes))
        hidden = np.maximum(self.linear("predictor.0", z), 0)
        return self.linear("value", (z + np.maximum(self.linear("predictor.3", hidden), 0)) / np.sqrt(2))[0]

    def step(self, codes, token, h, c):
        """Logits after one token, and the state."""
        x = self.w["target_embedding.weight"][token]
        h, c = self.cell("decoder", "", x, h, c)
        x = (x + h) / np.sqrt(2)
        weights = np.exp([x @ code for code in codes])
        mixed = sum(weight * code for weight, code in zip(weights / weights.sum(), codes, strict=True))
        x = (np.tanh(self.linear("attention", np.concatenate([mixed, x]))) + x) / np.sqrt(2)
        return self.linear("token", x), h, c

    def forced(self, codes, tokens):
        h = c = _unit(sum(codes) / len(codes))
        found, last = [], 0
        for token in tokens:
            logits, h, c = self.step(codes, last, h, c)
            found.append(logits)
            last = token
        return np.array(found)

    def greedy(self, codes):
        h = c = _unit(sum(codes) / len(codes))
        found, last = [], 0
        for _ in codes:
            logits, h, c = self.step(codes, last, h, c)
            last = 1 + int(np.argmax(logits[1:]))
            found.append(last)
        return found
