"""Zen's features are those before pooling, wherever the network pools."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from harness.batches import Batch


class Mean(nn.Module):
    def forward(self, inputs: Tensor) -> Tensor:
        return inputs.mean((2, 3), keepdim=True)


class Halved(nn.Module):
    def forward(self, inputs: Tensor) -> Tensor:
        return functional.avg_pool2d(inputs, 2)


class Pooled(nn.Module):
    """Features, a pooling of some kind, and a classifier."""

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 6, 3))
        self.pool, self.head = pool, nn.Linear(6, 5)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.pool(self.features(inputs)).mean((2, 3)))


def value(pool: nn.Module, image_size: int = 8) -> float:
    generator = torch.Generator().manual_seed(1)
    batch = Batch(torch.randn(8, 3, image_size, image_size, generator=generator), torch.arange(8) % 5)
    score = harness.score(Pooled(pool), batch, ["zen"])["zen"]
    assert score.status == "ok", score
    return score.value


@pytest.mark.parametrize(
    "made",
    [
        nn.Identity,
        lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1)),
        lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Dropout(0.5)),
        lambda: nn.Sequential(nn.Sequential(nn.AvgPool2d(2)), nn.Identity()),
        Mean,
        Halved,
        lambda: nn.Sequential(Halved(), Mean()),
    ],
)
def test_pooling_in_a_container_or_a_module_of_ones_own_changes_nothing(made: Callable[[], nn.Module]) -> None:
    assert value(made()) == value(nn.AdaptiveAvgPool2d(1))


def test_features_of_a_single_position_are_features() -> None:
    """A convolution without padding leaves one position of an image of 3 × 3."""
    assert value(nn.Identity(), image_size=3) == value(nn.Sequential(nn.AdaptiveAvgPool2d(1)), image_size=3)
