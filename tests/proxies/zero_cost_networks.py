"""Networks and a batch for the tests of zero-cost-nas's proxies, in float64."""

from __future__ import annotations

from functools import cache

import torch
from torch import nn

from harness.batches import Batch
from tests.measurements.conftest import networks

SHAPE = (3, 6, 6)


def five_samples() -> Batch:
    generator = torch.Generator().manual_seed(3)
    return Batch(torch.randn(5, *SHAPE, dtype=torch.float64, generator=generator), torch.tensor([0, 2, 1, 1, 0]))


def group_norm() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.Conv2d(4, 4, 3, bias=False), nn.GroupNorm(4, 4),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )  # fmt: skip


def perceptron_with_relu() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(108, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3)
    )


@cache
def made_of(kind: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        own = {"group norm": group_norm, "perceptron with relu": perceptron_with_relu}
        return own[kind]().double() if kind in own else networks()[kind]


KINDS = (
    "nasbench201", "dead edge", "darts", "in place", "shared", "plain", "perceptron", "group norm",
    "perceptron with relu",
)  # fmt: skip
WITHOUT_RELU = {"shared", "perceptron"}


def relu_after_convolution(inplace: bool) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        return nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.ReLU(inplace), nn.Conv2d(4, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        ).double()  # fmt: skip
