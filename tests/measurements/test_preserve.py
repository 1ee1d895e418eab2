"""Measurements leave no trace: weights, buffers, gradients, modes, hooks, random states, inputs."""

from __future__ import annotations

import functools
import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import harness
from harness.batches import Batch
from harness.measurements import MEASUREMENTS
from harness.measurements.preserve import _exact
from harness.proxies.registry import list_proxies
from harness.scoring.scorer import Score, score_network
from harness.setting import Setting
from harness.spaces import open_space

EVERY_PROXY = [entry.name for entry in list_proxies()]


def trace_of(network: nn.Module, batch: Batch) -> dict[str, Any]:
    """Everything that a measurement could leave behind."""
    return {
        "state": {name: tensor.clone() for name, tensor in network.state_dict(keep_vars=False).items()},
        "versions": [p._version for p in network.parameters()],
        "identities": [id(tensor) for tensor in [*network.parameters(), *network.buffers()]],
        "gradients": [None if p.grad is None else p.grad.clone() for p in network.parameters()],
        "gradient identities": [id(p.grad) for p in network.parameters()],
        "requires_grad": [p.requires_grad for p in network.parameters()],
        "modes": [module.training for module in network.modules()],
        "hooks": [
            (len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in network.modules()
        ],
        "tensor hooks": [p._backward_hooks for p in network.parameters()],
        "torch": torch.get_rng_state(),
        "numpy": str(np.random.get_state()),
        "python": random.getstate(),
        "inputs": batch.inputs.clone(),
        "labels": batch.labels.clone(),
        "grad mode": torch.is_grad_enabled(),
        "threads": torch.get_num_threads(),
    }


def assert_same(before: Any, after: Any, where: str = "") -> None:
    assert type(before) is type(after), where
    if isinstance(before, dict):
        assert before.keys() == after.keys(), where
        for key in before:
            assert_same(before[key], after[key], f"{where}/{key}")
    elif isinstance(before, list):
        assert len(before) == len(after), where
        for index, pair in enumerate(zip(before, after, strict=True)):
            assert_same(*pair, f"{where}/{index}")
    elif isinstance(before, Tensor):
        assert torch.equal(before, after), where
    else:
        assert before == after, where


class Noisy(nn.Module):
    """Dropout, a buffer that its forward replaces, and an input that it changes in place."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.norm = nn.BatchNorm2d(3)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(3, 4)

    def forward(self, inputs: Tensor) -> Tensor:
        inputs.relu_()
        self.calls = self.calls + 1
        return self.head(self.drop(self.norm(inputs)).mean(dim=(2, 3)))


class Raises(Noisy):
    """Raises midway, after everything has been touched."""

    def forward(self, inputs: Tensor) -> Tensor:
        super().forward(inputs)
        raise ValueError("midway")


@pytest.fixture(params=["nasbench201", "noisy", "raises"])
def network(request: pytest.FixtureRequest) -> nn.Module:
    space = open_space("nasbench201")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        made = {"noisy": Noisy, "raises": Raises}.get(request.param)
        network = made() if made else space.build(space.sample(1)[0], classes=4, width=2, depth=1)
    first, *others = network.parameters()
    first.grad = torch.ones_like(first)
    others[0].requires_grad_(False)
    network.train()
    next(iter(network.children())).eval()
    return network


@pytest.fixture
def batch() -> Batch:
    return Batch(torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 3]))


def scored(network: nn.Module, batch: Batch, bn: str) -> dict[str, Score]:
    """By every proxy, those too that measure the architecture in another size."""
    space = open_space("nasbench201")
    rebuild = functools.partial(space.build, space.sample(1)[0], classes=4)
    return score_network(network, batch, list_proxies(), Setting(input="given", batch_size=len(batch), bn=bn), rebuild)


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_no_trace_is_left(network: nn.Module, batch: Batch, bn: str) -> None:
    before = trace_of(network, batch)
    scores = scored(network, batch, bn)
    assert_same(before, trace_of(network, batch))
    assert set(scores) == set(EVERY_PROXY)


@pytest.mark.parametrize("bn", ["train", "eval"])
@pytest.mark.parametrize("training", [True, False])
def test_a_graph_that_the_caller_holds_can_still_be_differentiated(batch: Batch, bn: str, training: bool) -> None:
    space = open_space("nasbench201")
    cell = space.sample(1)[0]
    gradients = []
    for scoring in (False, True):
        network = space.build(cell, classes=4, width=2, depth=1, seed=3).train(training)
        loss = network(batch.inputs).square().sum()
        if scoring:
            scored(network, batch, bn)
        gradients.append(torch.autograd.grad(loss, list(network.parameters()), allow_unused=True))
    for found, expected in zip(*gradients, strict=True):
        assert (found is None and expected is None) or torch.equal(found, expected)


class Rewrites(nn.Module):
    """Changes its weight behind autograd's back, so that no version tells."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 4)

    def forward(self, inputs: Tensor) -> Tensor:
        self.head.weight.data.mul_(2)
        return self.head(inputs.mean(dim=(2, 3)))


def test_a_weight_changed_behind_autograds_back_is_put_back(batch: Batch) -> None:
    network = Rewrites()
    before = trace_of(network, batch)
    score = scored(network, batch, "train")["nasi_trace"]
    assert score.status == "not_applicable"
    assert score.message.endswith("changes its own parameters in the forward pass: 'head.weight' has another content")
    assert_same(before, trace_of(network, batch))


@pytest.mark.parametrize(
    ("owner", "value"),
    [
        (torch.backends, "tf32"),
        (torch.backends.cuda.matmul, "tf32"),
        (torch.backends.cudnn.conv, "ieee"),
        (torch.backends.cudnn.conv, "tf32"),
    ],
)
def test_float32_is_exact_on_cuda_whatever_the_caller_allows(owner: Any, value: str) -> None:
    """The switches are there without a device too."""
    owners = [torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn]
    if not hasattr(owners[0], "fp32_precision"):
        pytest.skip("this PyTorch has allow_tf32 only")
    before = owner.fp32_precision
    owner.fp32_precision = value
    try:
        callers = [each.fp32_precision for each in owners]
        with _exact(cuda=True):
            assert [each.fp32_precision for each in owners] == ["ieee"] * 3
            assert torch.backends.cudnn.deterministic
        assert [each.fp32_precision for each in owners] == callers
        assert not torch.backends.cudnn.deterministic
    finally:
        owner.fp32_precision = before


def test_a_network_that_raises_is_named_and_left_alone(batch: Batch) -> None:
    network = Raises()
    before = trace_of(network, batch)
    scores = harness.score(network, batch, ["params", "nasi_trace", "m_trace"])
    assert_same(before, trace_of(network, batch))
    assert scores["params"].status == "ok"
    assert scores["nasi_trace"].status == scores["m_trace"].status == "error"
    assert scores["nasi_trace"].message == "ValueError: midway (in the network itself (Raises))"


def test_every_measurement_is_reached_by_a_proxy() -> None:
    """So that `scored`, which can rebuild the network, makes all measurements.

    `forward`, `sample_rows`, `output_sum_gradient` and `image_features` stand below the others, and `hessian_gradient`
    is what `hessian_form` falls back on.
    """
    read = {need for entry in list_proxies() for need in entry.needs}
    below = {"forward", "sample_rows", "output_sum_gradient", "image_features", "sign_patterns"}
    assert read | below | {"hessian_gradient"} == set(MEASUREMENTS)


def test_the_callers_contexts_do_not_matter(network: nn.Module, batch: Batch) -> None:
    plain = harness.score(network, batch, EVERY_PROXY)
    with torch.no_grad():
        quiet = harness.score(network, batch, EVERY_PROXY)
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        inference = harness.score(network, batch, EVERY_PROXY)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = harness.score(network, batch, EVERY_PROXY)
    torch.manual_seed(123)
    seeded = harness.score(network, batch, EVERY_PROXY)
    for other in (quiet, inference, cast, seeded):
        for name, score in plain.items():
            assert other[name].status == score.status
            assert other[name].value == pytest.approx(score.value, rel=0, abs=0, nan_ok=True)
