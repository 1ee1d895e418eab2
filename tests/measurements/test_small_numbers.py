"""Squares and products of gradients that a network's own type does not hold."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import harness
from harness.batches import Batch

SQUARES = [
    "ntk_trace",
    "ntk_trace_exact",
    "ntk_trace_per_sample",
    "nasi_trace",
    "snip",
    "fisher",
    "grad_norm",
    "m_grad",
]


def batch(scale: float, dtype: torch.dtype) -> Batch:
    generator = torch.Generator().manual_seed(1)
    inputs = (scale * torch.randn(8, 3, 8, 8, generator=generator, dtype=torch.float64)).to(dtype)
    return Batch(inputs, torch.arange(8) % 5)


def network(dtype: torch.dtype, bias: bool = False) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 5, bias=bias)).to(dtype)


@pytest.mark.parametrize(
    ("dtype", "scale", "digits"),
    [(torch.float32, 1e-24, 1e-5), (torch.float16, 1e-4, 0.02), (torch.bfloat16, 1e-4, 0.05)],
)
def test_what_underflows_in_the_networks_type_is_that_of_float64(
    dtype: torch.dtype, scale: float, digits: float
) -> None:
    given = batch(scale, dtype)
    scores = harness.score(network(dtype), given, SQUARES)
    other = network(dtype).double()
    expected = harness.score(other, Batch(given.inputs.double(), given.targets), SQUARES)
    for name, score in scores.items():
        assert (score.status, score.value) == ("ok", pytest.approx(expected[name].value, rel=digits, abs=0)), name


@pytest.mark.parametrize("name", ["m_trace", "m_condition", "ntk_condition", "ntk_condition_exact"])
def test_a_kernel_that_its_type_does_not_hold_is_not_finite(name: str) -> None:
    (score,) = harness.score(network(torch.float32), batch(1e-24, torch.float32), [name]).values()
    assert (score.status, score.message) == ("not_finite", "the kernel's entries are too small for torch.float32")


def test_squares_above_float32_are_summed_too() -> None:
    """Gradients of 1e25, whose squares are 1e50."""
    huge = harness.score(
        network(torch.float32), batch(1e25, torch.float32), ["ntk_trace_exact", "ntk_trace_per_sample"]
    )
    unit = harness.score(network(torch.float32), batch(1, torch.float32), ["ntk_trace_exact", "ntk_trace_per_sample"])
    for name, score in huge.items():
        assert (score.status, score.value) == ("ok", pytest.approx(unit[name].value * 1e50, rel=1e-5)), name
