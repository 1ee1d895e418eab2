"""State of any kind that a network keeps beside its buffers: the same score alone and together, and left as it was."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness

PROXIES = ["flops", "synflow", "zico", "snip", "grad_norm", "nasi_trace", "ntk_trace", "jacob_cov", "gradsign"]


@dataclass
class Counts:
    calls: int = 0
    seen: list[int] = field(default_factory=list)


class Stateful(nn.Module):
    """A linear classifier whose forward pass reads and changes state in its own way."""

    def __init__(self, state: Any, step: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.state, self.step = state, step
        self.layer, self.relu, self.head = nn.Linear(192, 6), nn.ReLU(), nn.Linear(6, 3)

    def forward(self, images: Tensor) -> Tensor:
        features = self.relu(self.layer(images.flatten(1)))
        return self.head(features * self.step(self, features))


def counted(network: Any, _: Tensor) -> float:
    network.state["n"] += 1
    return float(network.state["n"])


def cached(network: Any, _: Tensor) -> Tensor:
    if "weight" not in network.state:
        network.state["weight"] = network.layer.weight.norm()
    return network.state["weight"]


def appended(network: Any, _: Tensor) -> float:
    network.state.append(1)
    return float(len(network.state))


def in_an_object(network: Any, _: Tensor) -> float:
    network.state.calls += 1
    network.state.seen.append(network.state.calls)
    return float(network.state.calls + len(network.state.seen))


def in_a_namespace(network: Any, _: Tensor) -> float:
    network.state.inner["n"][0] += 1
    return float(network.state.inner["n"][0])


def running(network: Any, features: Tensor) -> Tensor:
    network.state.mul_(0.5).add_(features.detach().mean())
    return network.state


def running_inside(network: Any, features: Tensor) -> Tensor:
    network.state[0].mul_(0.5).add_(features.detach().mean())
    return network.state[0]


def an_array(network: Any, _: Tensor) -> float:
    network.state += 1
    return float(network.state.sum())


def drawn(network: Any, _: Tensor) -> Tensor:
    return torch.rand(6, generator=network.state) + 1


def drawn_by_python(network: Any, _: Tensor) -> float:
    return 1 + network.state.random()


def drawn_by_numpy(network: Any, _: Tensor) -> float:
    return 1 + float(network.state.random())


def drawn_by_the_global_states(network: Any, _: Tensor) -> float:
    return 1 + random.random() + float(np.random.rand())


def hooked(network: Any, _: Tensor) -> float:
    network.head.register_forward_hook(lambda module, inputs, output: 2 * output)
    return 1.0


CASES: list[tuple[Callable[[], Any], Callable[[Any, Tensor], Any]]] = [
    (lambda: {"n": 0}, counted),
    (dict, cached),
    (list, appended),
    (deque, appended),
    (Counts, in_an_object),
    (lambda: SimpleNamespace(inner={"n": [0]}), in_a_namespace),
    (lambda: torch.ones(6), running),
    (lambda: [torch.ones(6)], running_inside),
    (lambda: np.ones(3), an_array),
    (lambda: torch.Generator().manual_seed(1), drawn),
    (lambda: random.Random(1), drawn_by_python),
    (lambda: np.random.default_rng(1), drawn_by_numpy),
    (lambda: None, drawn_by_the_global_states),
    (lambda: None, hooked),
]


def made(case: int) -> Stateful:
    state, step = CASES[case]
    torch.manual_seed(0)
    return Stateful(state(), step)


@pytest.fixture
def batch() -> harness.Batch:
    generator = torch.Generator().manual_seed(0)
    return harness.Batch(torch.randn(6, 3, 8, 8, generator=generator), torch.tensor([0, 1, 2, 0, 1, 2]))


def told(scores: dict[str, harness.Score]) -> dict[str, tuple[str, str]]:
    return {name: (score.status, repr(score.value)) for name, score in scores.items()}


@pytest.mark.parametrize("case", range(len(CASES)), ids=[step.__name__ for _, step in CASES])
def test_no_score_depends_on_what_else_is_asked_for(case: int, batch: harness.Batch) -> None:
    together = told(harness.score(made(case), batch, PROXIES))
    for name in PROXIES:
        assert told(harness.score(made(case), batch, [name])) == {name: together[name]}, name
    network = made(case)
    assert told(harness.score(network, batch, PROXIES)) == together
    assert told(harness.score(network, batch, PROXIES)) == together, "the network is as it was"
    assert together["grad_norm"][0] == "ok"


@pytest.mark.parametrize("case", [0, 2, 6, 8], ids=lambda case: CASES[case][1].__name__)
def test_the_first_pass_is_the_one_that_is_scored(case: int, batch: harness.Batch) -> None:
    """By plain autograd on a network that was never called."""
    network = made(case)
    loss = functional.cross_entropy(network(batch.inputs), batch.labels)
    gradients = torch.autograd.grad(loss, [network.layer.weight, network.head.weight])
    expected = sum(float(each.norm()) for each in gradients)
    score = harness.score(made(case), batch, ["grad_norm"])["grad_norm"]
    assert score.value == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("case", [0, 2, 5], ids=lambda case: CASES[case][1].__name__)
def test_each_half_of_a_batch_begins_on_the_networks_own_state(case: int) -> None:
    """The state makes no difference to a first pass, so to none."""
    generator = torch.Generator().manual_seed(0)
    many = harness.Batch(torch.randn(40, 3, 8, 8, generator=generator), torch.arange(40) % 3)
    torch.manual_seed(0)
    without_state = Stateful(None, lambda network, features: 1.0)
    expected = told(harness.score(without_state, many, ["zico"]))
    assert expected["zico"][0] == "ok"
    assert told(harness.score(made(case), many, ["zico"])) == expected


class Aliased(nn.Module):
    """Two buffers of one memory, and one that is read by a reference too."""

    def __init__(self, by_reference: bool) -> None:
        super().__init__()
        self.register_buffer("big", torch.ones(4))
        self.register_buffer("first", self.big[:1])
        self.reference = [self.big]
        self.by_reference = by_reference
        self.layer = nn.Linear(192, 3)

    def forward(self, images: Tensor) -> Tensor:
        self.big.mul_(3.0)
        factor = self.reference[0][0] if self.by_reference else self.first
        return self.layer(images.flatten(1)) * factor


@pytest.mark.parametrize("by_reference", [False, True])
def test_buffers_of_one_memory_stay_together(by_reference: bool, batch: harness.Batch) -> None:
    torch.manual_seed(0)
    network = Aliased(by_reference)
    alone = harness.score(network, batch, ["grad_norm"])["grad_norm"].value
    logits = network.layer(batch.inputs.flatten(1)) * 3
    loss = functional.cross_entropy(logits, batch.labels)
    (gradient,) = torch.autograd.grad(loss, [network.layer.weight])
    assert alone == pytest.approx(float(gradient.norm()), rel=1e-5)
    assert harness.score(network, batch, ["flops", "nasi_trace", "grad_norm"])["grad_norm"].value == alone
    assert network.big.tolist() == [1.0] * 4
    assert network.first.data_ptr() == network.big.data_ptr()
    assert network.reference[0] is network.big


class Merging(nn.Module):
    """Adds a part into its weight in eval mode, as codes of low-rank adaptation do."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.part, self.merged = nn.Linear(192, 3), nn.Parameter(torch.full((3, 192), 0.01)), False

    def train(self, mode: bool = True) -> Merging:
        super().train(mode)
        if not mode and not self.merged:
            self.layer.weight.data += self.part.data
        elif mode and self.merged:
            self.layer.weight.data -= self.part.data
        self.merged = not mode
        return self

    def forward(self, images: Tensor) -> Tensor:
        inputs = images.flatten(1)
        return self.layer(inputs) if self.merged else self.layer(inputs) + inputs @ self.part.T


def test_methods_that_change_weights_with_the_mode_are_not_called(batch: harness.Batch) -> None:
    network = Merging()
    before = network.layer.weight.detach().clone()
    scores = harness.score(network, batch, ["grad_norm", "nasi_trace"])
    assert {score.status for score in scores.values()} == {"ok"}
    assert torch.equal(network.layer.weight, before)
    assert (network.training, network.merged) == (True, False)


def test_a_network_that_ignores_its_mode_is_in_it(batch: harness.Batch) -> None:
    layers = (nn.Flatten(), nn.Linear(192, 6), nn.Dropout(0.5), nn.Linear(6, 3))
    plain, stubborn = nn.Sequential(*layers), nn.Sequential(*layers)
    stubborn.train = lambda mode=True: stubborn  # type: ignore[method-assign,assignment]
    values = [harness.score(each, batch, ["grad_norm"])["grad_norm"].value for each in (plain, stubborn)]
    assert values[0] == values[1]


def test_the_process_is_as_it_was(batch: harness.Batch) -> None:
    def unruly(network: Any, _: Tensor) -> float:
        torch.use_deterministic_algorithms(True)
        torch.autograd.set_detect_anomaly(True)
        torch.set_num_threads(2 if torch.get_num_threads() == 1 else 1)
        return 1.0

    random.seed(5)
    np.random.seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_num_threads()
    harness.score(Stateful(None, unruly), batch, ["grad_norm"])
    harness.score(Stateful(None, drawn_by_the_global_states), batch, ["grad_norm"])
    assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_num_threads()) == before
    assert not torch.are_deterministic_algorithms_enabled()
    assert not torch.is_anomaly_enabled()
