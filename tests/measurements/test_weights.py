"""Which parameters are weights, and what refuses those that it does not know."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

import harness
from harness.measurements.weights import weights

OF_LAYERS = ["fisher", "gradsign", "zen", "m_trace", "m_condition"]


class Small(nn.Module):
    """A transformer of images with every kind of parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, stride=4)
        self.positions, self.scale = nn.Parameter(torch.randn(1, 4, 8)), nn.Parameter(torch.ones(8))
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.attention, self.norm = nn.MultiheadAttention(8, 2, batch_first=True), nn.LayerNorm([4, 8])
        self.rows, self.head = nn.GRU(8, 8, batch_first=True), nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        rows = self.patches(images).flatten(2).transpose(1, 2) + self.positions + self.token
        rows = self.norm(rows + self.scale * self.attention(rows, rows, rows)[0])
        return self.head(self.rows(rows)[0].mean(1))


@pytest.fixture
def batch() -> harness.Batch:
    return harness.Batch(torch.randn(4, 3, 8, 8, dtype=torch.float64), torch.tensor([0, 1, 2, 0]))


def test_matrices_count_and_biases_norms_and_vectors_do_not() -> None:
    assert set(weights(Small())) == {
        "patches.weight", "positions", "attention.in_proj_weight", "attention.out_proj.weight",
        "rows.weight_ih_l0", "rows.weight_hh_l0", "head.weight",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["positions", "attention.in_proj_weight", "rows.weight_hh_l0"])
def test_no_proxy_of_weights_passes_one_over(name: str, batch: harness.Batch) -> None:
    """Each value changes when only that weight changes, or the network is refused."""
    readers = ["l2_norm", "snip", "grad_norm", "plain", "grasp", "synflow", "logsynflow", "zico", *OF_LAYERS]
    torch.manual_seed(0)
    network = Small().double()
    before = harness.score(network, batch, readers, bn="eval")
    with torch.no_grad():
        dict(network.named_parameters())[name].mul_(1.5)
    after = harness.score(network, batch, readers, bn="eval")
    for reader in readers:
        if reader in OF_LAYERS:
            assert before[reader].status == "not_applicable"
            assert "'positions' is one of the network itself (Small)" in before[reader].message
        else:
            assert before[reader].status == after[reader].status == "ok", before[reader]
            assert before[reader].value != after[reader].value, reader


@pytest.mark.parametrize("made", [parametrizations.weight_norm, parametrizations.spectral_norm])
def test_a_weight_that_is_made_from_others_is_refused_by_name(made: object, batch: harness.Batch) -> None:
    network = nn.Sequential(nn.Flatten(), made(nn.Linear(192, 3))).double()
    score = harness.score(network, batch, ["l2_norm"])["l2_norm"]
    assert score.status == "not_applicable"
    assert "layer '1' of type ParametrizedLinear makes its weight from other parameters" in score.message
