"""A slice of a parameter that the network keeps is no other tensor: a pass with other weights must not read it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from harness.batches import Batch
from harness.measurements.memory import Memory


class Kept(nn.Module):
    """The last rows of a matrix, cut out once or at each call."""

    def __init__(self, kept: bool) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.matrix, self.head = nn.Parameter(torch.randn(212, 10) * 0.1), nn.Linear(20, 5)
        self.double()
        self.last = self.matrix[192:] if kept else None

    def forward(self, inputs: Tensor) -> Tensor:
        last = self.matrix[192:] if self.last is None else self.last
        return self.head(functional.relu(functional.linear(inputs.flatten(1) @ self.matrix[:192], last)))


class KeptLayer(nn.Module):
    """The last channels of a layer, cut out once."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.Conv2d(3, 8, 3), nn.Linear(6, 5)
        self.last = self.layer.weight[2:]

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.layer(inputs)[:, :6] + functional.conv2d(inputs, self.last)
        return self.head(features.mean((2, 3)))


@pytest.fixture
def batch() -> Batch:
    generator = torch.Generator().manual_seed(1)
    return Batch(torch.randn(8, 3, 8, 8, generator=generator), torch.arange(8) % 5)


def test_one_in_float64_is_refused_by_name_and_one_cut_at_each_call_is_not(batch: Batch) -> None:
    names = ["synflow", "synflow_bn"]
    given = Batch(batch.inputs.double(), batch.targets)
    for score in harness.score(Kept(kept=True), given, names).values():
        assert (score.status, "reads 'matrix' by a reference of its own" in score.message) == ("not_applicable", True)
    assert {score.status for score in harness.score(Kept(kept=False), given, names).values()} == {"ok"}


@pytest.mark.parametrize("name", ["synflow", "synflow_bn", "zen"])
def test_one_of_a_layer_is_refused_by_name(name: str, batch: Batch) -> None:
    (score,) = harness.score(KeptLayer(), batch, [name]).values()
    assert score.status == "not_applicable", score
    assert "reads 'layer.weight' by a reference of its own" in score.message


def test_memory_is_shared_by_views_alone() -> None:
    whole = torch.zeros(6, 4)
    memory = Memory({"upper": whole[:3]})
    assert memory
    assert not Memory({})
    assert memory.holder(whole[2:]) == memory.holder(whole.t()) == memory.holder(whole[1, 1:3]) == "upper"
    assert memory.holder(whole[3:]) is memory.holder(whole.clone()) is memory.holder(whole[:0]) is None
