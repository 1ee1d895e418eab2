"""SWAP and linear regions against plain loops, in float64, on networks of several kinds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import harness
from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.activations import activation_patterns, column_codes
from harness.measurements.forward import forward
from harness.measurements.sample_rows import SampleRows
from harness.setting import Setting
from tests.reference import proxies_patterns as reference

RELU_KINDS = ("nasbench201", "dead edge", "darts", "in place", "plain", "group norm")


@pytest.mark.parametrize("name", RELU_KINDS)
def test_patterns_are_counted_like_sets(name: str, kind: Callable[..., nn.Module], batch: Batch, bn: str) -> None:
    network = kind(name, bn)
    rows = reference.signs(network, batch.inputs)
    scores = harness.score(kind(name, bn), batch, ["swap", "linear_regions"], bn=bn)
    assert scores["swap"].value == len(set(zip(*rows, strict=True)))
    assert scores["linear_regions"].value == len({tuple(row) for row in rows})


def test_equal_samples_share_a_region_and_long_batches_keep_their_columns() -> None:
    """130 samples, three words of 64 bits, many of them twice or three times."""
    network = nn.Sequential(nn.Linear(2, 40), nn.ReLU(), nn.Linear(40, 3)).double()
    with torch.no_grad():
        for weight in (network[0].weight, network[0].bias):
            weight.copy_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(5)))
    inputs = torch.randint(-3, 4, (130, 2), generator=torch.Generator().manual_seed(2)).double()
    rows = reference.signs(network, inputs)
    batch = Batch(inputs, torch.zeros(130, dtype=torch.long))
    scores = harness.score(network, batch, ["swap", "linear_regions"])
    assert scores["linear_regions"].value == len({tuple(row) for row in rows}) < 60
    assert scores["swap"].value == len(set(zip(*rows, strict=True))) < 40


def test_columns_that_differ_in_one_sample_only_have_different_codes() -> None:
    active = torch.eye(130, dtype=torch.bool)
    codes = column_codes(active)
    assert codes.shape == (3, 130)
    assert len({tuple(code) for code in codes.T.tolist()}) == 130


def test_a_network_without_relu_modules_has_no_patterns(kind: Callable[..., nn.Module], batch: Batch) -> None:
    passed = forward(kind("perceptron"), batch, Setting(input="given", batch_size=5))
    with pytest.raises(NotApplicable, match=r"no nn\.ReLU"):
        activation_patterns(passed, SampleRows({}, ""))
