"""Networks that a measurement is not defined on are refused with their layer's name; what is frozen does not count."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

import harness


@pytest.fixture
def batch() -> harness.Batch:
    return harness.Batch(torch.ones(3, 3, 2, 2), torch.tensor([0, 1, 2]))


class NoParameters(nn.Module):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs.flatten(1)


class Functional(nn.Module):
    """Uses a layer's weight behind the layer's back."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(12, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs.flatten(1) @ self.layer.weight.T


@pytest.mark.parametrize(
    ("made", "proxy", "message"),
    [
        (NoParameters(), "nasi_trace", "the network has no trainable parameters"),
        (nn.Sequential(nn.Conv2d(3, 4, 1)), "nasi_trace", r"a classifier gives logits of shape \[3, K\]"),
        (nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), "nasi_trace", "a label 2, but the network has only 2 outputs"),
        (Functional(), "m_trace", "parameter 'layer.weight' is used outside its module's forward"),
        (
            nn.Sequential(nn.Flatten(), nn.Unflatten(1, (1, 12)), nn.RNN(12, 3), nn.Flatten()),
            "ntk_trace_per_sample",
            "per-sample gradients are not known for layer '2' of type RNN",
        ),
        (nn.Sequential(nn.Flatten(), nn.PReLU(), nn.Linear(12, 3)), "ntk_trace_per_sample", "layer '1' of type PReLU"),
    ],
)
def test_a_network_that_a_measurement_is_not_defined_on(
    made: nn.Module, proxy: str, message: str, batch: harness.Batch
) -> None:
    if isinstance(made, nn.Sequential) and isinstance(made[-1], nn.Flatten):
        made[2].register_forward_hook(lambda module, inputs, output: output[0])
    score = harness.score(made, batch, [proxy])[proxy]
    assert score.status == "not_applicable", score
    assert re.search(message, score.message), score.message


class Standardised(nn.Linear):
    """A subclass whose weight is not what it seems."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return functional.linear(inputs, self.weight - self.weight.mean(), self.bias)


class ChangesItsInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(12, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        flat = inputs.flatten(1).clone()
        logits = self.layer(flat)
        flat.mul_(0)
        return logits


def hooked() -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    network[1].register_forward_hook(lambda module, inputs, output: 3 * output)
    return network


def frozen() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 12).requires_grad_(False), nn.LayerNorm(12), nn.PReLU())


@pytest.mark.parametrize(
    ("made", "proxy", "message"),
    [
        (nn.Sequential(nn.Flatten(), Standardised(12, 3)), "m_trace", "layer '1' of type Standardised"),
        (hooked(), "m_trace", "layer '1' of type Linear"),
        (ChangesItsInput(), "m_trace", "modified by an inplace operation"),
        (nn.Sequential(nn.Flatten(), weight_norm(nn.Linear(12, 3))), "m_trace", "layer '1"),
        (
            nn.Sequential(nn.Flatten(), weight_norm(nn.Linear(12, 3))),
            "grad_norm",
            "of type ParametrizedLinear makes its weight",
        ),
        (frozen(), "grad_norm", "no trainable weight of a convolution or a linear layer"),
    ],
)
def test_what_a_rule_would_get_wrong_is_refused_and_not_made_up(
    made: nn.Module, proxy: str, message: str, batch: harness.Batch
) -> None:
    score = harness.score(made, batch, [proxy])[proxy]
    assert (score.status, message in score.message) == ("not_applicable", True), score
    assert math.isnan(score.value)


def test_a_frozen_parameter_does_not_count(batch: harness.Batch) -> None:
    """By hand: the sum of squares over the trainable parameters only."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3), nn.Linear(3, 3))
    network[1].requires_grad_(False)
    loss = functional.cross_entropy(network(batch.inputs), batch.labels)
    expected = sum(float(g.square().sum()) for g in torch.autograd.grad(loss, list(network[2].parameters())))
    scores = harness.score(network, batch, ["nasi_trace", "params", "ntk_trace_exact", "ntk_trace_per_sample"])
    assert scores["nasi_trace"].value == pytest.approx(expected, rel=1e-6)
    assert scores["params"].value == 12
    assert scores["ntk_trace_per_sample"].value == pytest.approx(scores["ntk_trace_exact"].value, rel=1e-6)


def test_a_condition_number_beyond_float32_is_found_in_float64(batch: harness.Batch) -> None:
    """Inputs that nearly coincide: κ of 1e9 is noise in float32 and a number in float64."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    nearly = batch.inputs + 1e-4 * torch.eye(3)[:, :1, None, None] * torch.arange(12.0).reshape(3, 2, 2)
    nearly[2, 0, 0, 0] += 1e-4
    single = harness.score(network, harness.Batch(nearly, batch.labels), ["ntk_condition"])["ntk_condition"]
    double = harness.score(network.double(), harness.Batch(nearly, batch.labels), ["ntk_condition"])["ntk_condition"]
    assert single.status == "not_applicable"
    assert double.status == "ok"
    assert double.value < -1e7


def test_params_of_a_network_without_any_is_zero(batch: harness.Batch) -> None:
    assert harness.score(NoParameters(), batch, ["params", "flops"])["params"].value == 0
