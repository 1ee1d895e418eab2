"""What a batch gives does not depend on the parts that it is computed in, but where batch norm couples its samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import harness
from harness.batches import Batch
from harness.measurements import single_samples
from harness.measurements.preserve import preserved
from harness.measurements.session import Session
from harness.setting import Setting

NORMED = ("nasbench201", "darts", "in place")
UNNORMED = ("group norm", "perceptron")


def measured(network: nn.Module, batch: Batch, name: str, bn: str) -> Any:
    with preserved(network, bn=bn, seed=0):
        return Session(network, batch, Setting(input="given", batch_size=len(batch), bn=bn)).value(name)


def part(batch: Batch, start: int, stop: int) -> Batch:
    return Batch(batch.inputs[start:stop], batch.labels[start:stop])


@pytest.mark.parametrize("name", NORMED)
@pytest.mark.parametrize("size", [2, 3, 5, 100])
def test_gradsign_is_the_same_in_parts_of_any_size(
    name: str, size: int, kind: Callable[..., nn.Module], bn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = torch.Generator().manual_seed(5)
    inputs = torch.randn(12, 3, 6, 6, dtype=torch.float64, generator=generator)
    batch = Batch(inputs, torch.randint(3, (12,), generator=generator))
    whole = harness.score(kind(name, bn), batch, ["gradsign"], bn=bn)["gradsign"].value
    monkeypatch.setattr(single_samples, "_CHUNK", size)
    assert harness.score(kind(name, bn), batch, ["gradsign"], bn=bn)["gradsign"].value == whole


@pytest.mark.parametrize("name", [*NORMED, *UNNORMED])
def test_the_loss_gradient_is_the_mean_of_its_parts_but_for_the_coupling(
    name: str, kind: Callable[..., nn.Module], batch: Batch, bn: str
) -> None:
    """The trap of public code: adding up the parts' mean losses makes a score grow with the number of parts."""
    network = kind(name, bn)
    whole = measured(network, batch, "loss_gradient", bn)
    first, second = (measured(network, part(batch, *ends), "loss_gradient", bn) for ends in ((0, 3), (3, len(batch))))
    share = 3 / len(batch)
    mean = {key: share * first[key] + (1 - share) * second[key] for key in whole}
    equal = all(torch.allclose(mean[key], whole[key], rtol=1e-9, atol=1e-12) for key in whole)
    assert equal == (bn == "eval" or name in UNNORMED)


@pytest.mark.parametrize(
    ("gram", "name"),
    [
        (gram, name)
        for gram in ("target_logit_gram", "logit_sum_gram", "relu_gram")
        for name in (*NORMED, *UNNORMED)
        if (gram, name) != ("relu_gram", "perceptron")  # its activations are tanh
    ],
)
def test_a_gram_matrix_of_a_part_is_a_block_of_the_whole(
    gram: str, name: str, kind: Callable[..., nn.Module], batch: Batch
) -> None:
    network = kind(name, "eval")
    whole = measured(network, batch, gram, "eval")
    block = measured(network, part(batch, 1, 4), gram, "eval")
    assert torch.allclose(block, whole[1:4, 1:4], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [*NORMED, *UNNORMED])
def test_rows_of_the_input_jacobian_are_each_samples_own(
    name: str, kind: Callable[..., nn.Module], batch: Batch
) -> None:
    network = kind(name, "eval")
    rows = measured(network, part(batch, 1, 4), "input_jacobian", "eval")
    assert torch.allclose(rows, measured(network, batch, "input_jacobian", "eval")[1:4], rtol=1e-9, atol=1e-12)
