"""Rows that only seem to be samples are refused by name, however the network hides it; the rest is autograd's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from harness.batches import Batch

SAMPLES = 8
BY_SAMPLE = ["m_trace", "m_condition", "ntk_condition", "ntk_trace_per_sample", "gradsign"]


def images(samples: int = SAMPLES) -> Batch:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(samples, 3, 8, 8, generator=generator)
    return Batch(inputs, torch.randint(5, (samples,), generator=generator))


class Tied(nn.Module):
    """A weight that is read a second time, back to front."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.h = nn.Linear(192, 10, bias=False), nn.Linear(192, 5, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = functional.relu(self.a(inputs.flatten(1)))
        return self.h(functional.linear(hidden, self.a.weight.t()))


class Gated(nn.Module):
    """A second use that only some samples reach."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.h = nn.Linear(192, 16, bias=False), nn.Linear(16, 5)

    def forward(self, inputs: Tensor) -> Tensor:
        flat = inputs.flatten(1)
        hidden = functional.relu(self.a(flat))
        again = functional.linear(functional.linear(hidden, self.a.weight.t()), self.a.weight)
        return self.h(hidden + (flat[:, :1] > 0.7) * again)


class Sorted(nn.Module):
    """A layer that reads the samples in the order of a score."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.h = nn.Linear(192, 16), nn.Linear(16, 16), nn.Linear(16, 5)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = functional.relu(self.a(inputs.flatten(1)))
        order = hidden.detach().sum(1).argsort(descending=True)
        return self.h(functional.relu(self.b(hidden[order]))[order.argsort()])


class ByNumber(nn.Module):
    """A second use in large batches alone, beside batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm, self.h = nn.Linear(192, 16, bias=False), nn.BatchNorm1d(16), nn.Linear(16, 5)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.norm(self.a(inputs.flatten(1)))
        if len(inputs) > 4:
            hidden = functional.linear(functional.linear(hidden, self.a.weight.t()), self.a.weight)
        return self.h(functional.relu(hidden))


class First(nn.Module):
    """Positions along the first axis, as many as there are samples."""

    def __init__(self, kind: type[nn.Linear]) -> None:
        super().__init__()
        self.a, self.h = kind(24, 16), nn.Linear(16, 5)

    def forward(self, inputs: Tensor) -> Tensor:
        positions = inputs.reshape(len(inputs), 8, 24).transpose(0, 1)
        return self.h(functional.relu(self.a(positions)).mean(0))


class Own(nn.Linear):
    def forward(self, inputs: Tensor) -> Tensor:
        return functional.linear(inputs, self.weight, self.bias)


def zeros_first() -> Batch:
    batch = images()
    inputs = batch.inputs.clone()
    inputs[0] = 0
    return Batch(inputs, batch.targets)


def closed_first() -> Batch:
    batch = images(32)
    order = batch.inputs.flatten(1)[:, 0].argsort()
    return Batch(batch.inputs[order], batch.targets[order])


def best_first(network: nn.Module) -> Batch:
    batch = images()
    order = network.a(batch.inputs.flatten(1)).relu().sum(1).argsort(descending=True)
    order = torch.cat([order[:1], order[1:].flip(0)])
    return Batch(batch.inputs[order], batch.targets[order])


def hooked(network: nn.Module) -> nn.Module:
    network.a.register_forward_hook(lambda module, inputs, output: None)
    return network


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("made", "given"),
    [
        (Tied, zeros_first),
        (Gated, closed_first),
        (Sorted, best_first),
        (ByNumber, images),
        (lambda: First(nn.Linear), images),
        (lambda: hooked(Tied()), images),
        (lambda: hooked(Gated()), closed_first),
        (lambda: First(Own), images),
        (lambda: hooked(First(nn.Linear)), images),
    ],
)
def test_what_is_not_a_row_for_each_sample_is_refused_by_name(
    made: Callable[[], nn.Module], given: Callable[..., Batch], seed: int
) -> None:
    torch.manual_seed(seed)
    network = made()
    batch = given(network) if given is best_first else given()
    for name, score in harness.score(network, batch, [*BY_SAMPLE, "fisher"], seed=seed).items():
        assert score.status == "not_applicable", (name, score)
        assert "'a" in score.message or "'b" in score.message or "batch norm" in score.message, score.message


class Rows(First):
    """The positions of a sample stay with it."""

    def forward(self, inputs: Tensor) -> Tensor:
        return self.h(functional.relu(self.a(inputs.reshape(len(inputs), 8, 24))).mean(1))


@pytest.mark.parametrize("made", [lambda: Rows(Own), lambda: hooked(Rows(nn.Linear))])
def test_a_layer_without_a_rule_whose_rows_are_samples_keeps_fisher(made: Callable[[], nn.Module]) -> None:
    """The same number as of PyTorch's own layer."""
    scores = []
    for make in (lambda: Rows(nn.Linear), made):
        torch.manual_seed(0)
        scores.append(harness.score(make(), images(), ["fisher"])["fisher"])
    plain, other = scores
    assert (other.status, other.value) == ("ok", pytest.approx(plain.value, rel=1e-6))


def test_a_hooked_layer_is_not_computed_again_without_its_hook() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3),
        nn.ReLU(inplace=True),
        nn.Conv2d(6, 6, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 5),
    )
    network[0].register_forward_hook(lambda module, inputs, output: output * 2)
    score = harness.score(network, images(), ["fisher"])["fisher"]
    assert score.status == "not_applicable"
    assert "layer '0' has hooks" in score.message


class Holder(nn.Module):
    """Batch norm as a function or by hand, in the mode of a module that only holds its statistics."""

    def __init__(self, normed: Callable[[nn.BatchNorm2d, Tensor], Tensor]) -> None:
        super().__init__()
        self.normed = normed
        self.a, self.norm, self.b = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, affine=False), nn.Conv2d(6, 6, 3)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(functional.relu(self.b(functional.relu(self.normed(self.norm, self.a(inputs))))))


def function(norm: nn.BatchNorm2d, features: Tensor) -> Tensor:
    return functional.batch_norm(features, norm.running_mean, norm.running_var, training=norm.training)


def by_hand(norm: nn.BatchNorm2d, features: Tensor) -> Tensor:
    return features - features.mean((0, 2, 3), keepdim=True) if norm.training else features


@pytest.mark.parametrize("normed", [function, by_hand])
def test_statistics_of_the_batch_outside_of_batch_norm_leave_no_sample_alone(
    normed: Callable[[nn.BatchNorm2d, Tensor], Tensor],
) -> None:
    torch.manual_seed(0)
    network = Holder(normed)
    coupled = harness.score(network, images(20), ["gradsign"])["gradsign"]
    assert coupled.status == "not_applicable"
    assert "depend on the samples beside it" in coupled.message
    assert harness.score(network, images(20), ["gradsign"], bn="eval")["gradsign"].status == "ok"
