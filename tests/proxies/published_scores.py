"""The published scores of the authors' own code on six real cells, with the weights and inputs that gave them.

`reference_scores/` of the published data: C = 16, N = 5, batch 64, batch norm in train mode, float32. Where a paper
draws its own weights and inputs, the given ones took their place in the authors' code, and so they do in the tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.spaces import open_space
from tests.proxies.relu_sides import authors_sides, keep_sides

LOW_RANK = 5
"""The cell whose features, after the second reduction, have a covariance of nearly half the rank of its size."""


class Given(NamedTuple):
    """The published folder's content, read once."""

    folder: Path
    inputs: dict[str, Tensor]
    cells: list[str]
    scores: pd.Series
    sides: dict[tuple[int, str], dict[str, Tensor]]

    def score(self, peer: str, proxy: str, index: int) -> float:
        return float(self.scores.loc[(peer, proxy, self.cells[index])])

    def network(self, index: int) -> nn.Module:
        space = open_space("nasbench201")
        made = space.build(space.parse(self.cells[index])).train()
        weights = {
            name if name in made.state_dict() else f"{name}.weight": torch.from_numpy(tensor)
            for name, tensor in np.load(self.folder / f"weights_{index}.npz").items()
        }
        missing, unexpected = made.load_state_dict(weights, strict=False)
        assert not unexpected
        assert all(made.state_dict()[name].ndim < 2 for name in missing), "every matrix and kernel is given"
        return made

    def sided(self, index: int, *batches: str, dtype: torch.dtype = torch.float64) -> nn.Module:
        """The network with its ReLUs on the sides of the authors' float32, in passes of `x` or of the named batches."""
        known = [(self.inputs[name], self.sides_of(index, name)) for name in batches or ("x",)]
        return keep_sides(self.network(index).to(dtype), known)

    def sides_of(self, index: int, name: str) -> dict[str, Tensor]:
        """The sides in a batch, of which the last two stay known."""
        if (index, name) not in self.sides:
            made = authors_sides(self.network(index).double(), self.inputs[name], index, name)
            while len(self.sides) >= 2:
                self.sides.pop(next(iter(self.sides)))
            self.sides[index, name] = made
        return self.sides[index, name]

    def batch(self) -> Batch:
        return Batch(self.inputs["x"], self.inputs["y"])

    def two_batches(self) -> Batch:
        """Both batches as the halves of one."""
        return Batch(*(torch.cat([self.inputs[name], self.inputs[f"{name}2"]]) for name in ("x", "y")))


def read_given(folder: Path) -> Given:
    inputs = {name: torch.from_numpy(array) for name, array in np.load(folder / "inputs.npz").items()}
    scores = pd.read_csv(folder / "scores.csv").set_index(["peer", "proxy", "architecture"])["score"]
    return Given(folder, inputs, (folder / "architectures.txt").read_text().split(), scores, {})


def nudged(network: nn.Module, seed: int) -> nn.Module:
    """The network, each weight of which is moved by a random part of one rounding, up or down."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            shares = 2 * torch.rand(weight.shape, generator=generator, dtype=torch.float64) - 1
            weight *= 1 + shares * torch.finfo(weight.dtype).eps
    return network
