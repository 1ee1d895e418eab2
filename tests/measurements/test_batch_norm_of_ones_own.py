"""Batch norm with a forward pass of its own is more than batch norm: it is neither taken out nor replaced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from harness.batches import Batch


class Activated(nn.BatchNorm2d):
    def forward(self, inputs: Tensor) -> Tensor:
        return functional.relu(super().forward(inputs))


class Scaled(nn.BatchNorm2d):
    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs) * 0.1


def replaced() -> nn.Module:
    norm = nn.BatchNorm2d(6)
    norm.forward = lambda inputs: functional.relu(nn.BatchNorm2d.forward(norm, inputs))  # type: ignore[method-assign]
    return norm


@pytest.fixture
def batch() -> Batch:
    generator = torch.Generator().manual_seed(1)
    return Batch(torch.randn(8, 3, 8, 8, generator=generator), torch.arange(8) % 5)


def network(norm: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5))
    return nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), norm, nn.Conv2d(6, 6, 3), *head)


@pytest.mark.parametrize("made", [lambda: Activated(6), lambda: Scaled(6), replaced])
def test_it_is_refused_by_name_where_it_would_be_replaced(made: Callable[[], nn.Module], batch: Batch) -> None:
    for name, score in harness.score(network(made()), batch, ["synflow", "logsynflow", "gradsign"]).items():
        assert score.status == "not_applicable", (name, score)
        assert "layer '1' of type" in score.message
        assert "batch norm with a forward pass of its own" in score.message


def test_what_keeps_batch_norm_is_that_of_the_same_network_in_two_modules(batch: Batch) -> None:
    apart = network(nn.Sequential(nn.BatchNorm2d(6), nn.ReLU()))
    names = ["synflow_bn", "grad_norm", "snip", "ntk_trace"]
    expected = harness.score(apart, batch, names)
    for name, score in harness.score(network(Activated(6)), batch, names).items():
        assert (score.status, score.value) == ("ok", pytest.approx(expected[name].value, rel=1e-6)), name


@pytest.mark.parametrize("kind", [nn.BatchNorm2d, nn.SyncBatchNorm])
def test_that_of_pytorch_is_taken_out(kind: type[nn.Module], batch: Batch) -> None:
    norm = kind(6)
    expected = harness.score(network(nn.Identity()), batch, ["synflow"])["synflow"]
    found = harness.score(network(norm), batch, ["synflow"])["synflow"]
    assert (found.status, found.value) == ("ok", pytest.approx(expected.value, rel=1e-9))
