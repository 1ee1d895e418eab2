"""Where the proxies of zero-cost-nas and NAS-Bench-Suite-Zero end: what they refuse, and what they leave untouched."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import harness
from harness.batches import Batch
from harness.measurements.forward import forward
from harness.setting import Setting
from tests.proxies.zero_cost_networks import SHAPE, five_samples, made_of, relu_after_convolution


@pytest.fixture
def batch() -> Batch:
    return five_samples()


def twice_the_same(batch: Batch) -> Batch:
    return Batch(batch.inputs[[0, 1, 1, 3, 4]], batch.labels)


class Unmoved(nn.Module):
    """Logits that do not depend on the inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(torch.zeros_like(inputs).mean(dim=(2, 3)))


class Unreached(nn.Module):
    """A convolution whose output nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 4, 1), nn.LayerNorm(108)

    def forward(self, inputs: Tensor) -> Tensor:
        self.convolution(inputs)
        return self.norm(inputs.flatten(1))


class OnPixels(nn.Module):
    """A linear layer whose rows are pixels, not samples."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        pixels = self.layer(inputs.movedim(1, -1).reshape(-1, 3))
        return pixels.reshape(len(inputs), -1, 3).mean(dim=1)


class FunctionalRelu(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(108, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.relu(self.layer(inputs.flatten(1)))


class ChangedRelu(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.relu, self.head = nn.ReLU(), nn.Linear(108, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        active = self.relu(inputs.flatten(1))
        logits = self.head(active.clone())
        active.add_(1)
        return logits


class Mixing(nn.Module):
    """A ReLU whose rows are not the samples."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.head = nn.ReLU(), nn.Linear(108, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.relu(inputs.flatten(1).T).T)


@pytest.mark.parametrize(
    ("proxy", "make", "change", "message"),
    [
        ("nwot", FunctionalRelu, None, "calls no nn.ReLU module (a functional relu cannot be seen)"),
        ("nwot", ChangedRelu, None, "the output of ReLU 'relu' was changed in place afterwards"),
        ("nwot", Mixing, None, "ReLU 'relu' gives [108, 5], not a row for each of 5 samples"),
        ("nwot", lambda: relu_after_convolution(False), twice_the_same, "the kernel is singular: "),
        ("nwot", lambda: relu_after_convolution(False), twice_the_same, "4 of 5 differ"),
        ("fisher", OnPixels, None, "layer 'layer' reads [144, 3], not a row for each of 4 samples"),
        ("jacob_cov", Unmoved, None, "constant for 5 of 5 samples"),
        ("epe_nas", Unmoved, None, "constant for 5 of 5 samples"),
        ("l2_norm", lambda: nn.Sequential(nn.Flatten(), nn.LayerNorm(108)), None, "no trainable weight of a conv"),
        ("synflow", lambda: nn.Sequential(nn.Flatten(), nn.LayerNorm(108)), None, "no trainable weight of a conv"),
        ("grasp", lambda: nn.Sequential(nn.Flatten(), nn.LayerNorm(108)), None, "no trainable weight of a conv"),
        ("fisher", lambda: nn.Sequential(nn.Flatten(), nn.LayerNorm(108)), None, "calls no trainable convolution or"),
    ],
)
def test_what_a_proxy_is_not_defined_on_is_named(
    proxy: str, make: Callable[[], nn.Module], change: Callable[[Batch], Batch] | None, message: str, batch: Batch
) -> None:
    score = harness.score(make().double(), change(batch) if change else batch, [proxy])[proxy]
    assert (score.status, message in score.message) == ("not_applicable", True), score
    assert math.isnan(score.value)


def test_a_network_whose_logits_do_not_move_has_no_flow_and_no_curvature(batch: Batch) -> None:
    """Zero is their value there, not a failure: no weight of the head matters."""
    scores = harness.score(Unmoved().double(), batch, ["synflow", "logsynflow", "snip", "grasp", "fisher", "plain"])
    for name in ("synflow", "logsynflow", "snip", "grasp", "plain"):
        assert (scores[name].status, scores[name].value) == ("ok", 0), name
    assert scores["fisher"].value > 0  # the head's bias moves its outputs
    unreached = harness.score(
        Unreached().double(), batch, ["fisher", "snip", "plain", "grasp", "synflow", "logsynflow"]
    )
    assert {(score.status, score.value) for score in unreached.values()} == {("ok", 0)}
    assert {math.copysign(1, score.value) for score in unreached.values()} == {1}, "no file shows a -0.0"


class RaisesOnOnes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm, self.head = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.norm(self.convolution(inputs))
        if len(inputs) == 1:
            raise ValueError("one sample is too few")
        return self.head(features.mean(dim=(2, 3)))


@pytest.mark.parametrize("make", [RaisesOnOnes, lambda: made_of("nasbench201")])
def test_removing_batch_norm_leaves_no_trace(make: Callable[[], nn.Module], batch: Batch) -> None:
    network = make().double()
    own = {module: set(vars(module)) for module in network.modules()}
    kept = network.get_submodule("norm") if isinstance(network, RaisesOnOnes) else network.get_submodule("stem.1")
    vars(kept)["forward"] = mine = type(kept).forward.__get__(kept)
    scores = harness.score(network, batch, ["synflow", "synflow_bn"])
    assert vars(kept).pop("forward") is mine
    assert own == {module: set(vars(module)) for module in network.modules()}
    if isinstance(network, RaisesOnOnes):
        assert all(score.message.endswith("one sample is too few") for score in scores.values()), scores
    else:
        assert scores["synflow"].status == "ok"
    assert all(parameter.dtype == torch.float64 for parameter in network.parameters())


def test_the_relus_of_the_forward_pass_come_in_order_with_in_place_ones(batch: Batch) -> None:
    network = made_of("in place")
    passed = forward(network.eval(), batch, Setting(input="given", batch_size=5))
    assert [call.name for call in passed.activations] == ["relu", "relu"]
    assert all(bool((output >= 0).all()) and len(output) == 5 for output in passed.relu_outputs())
    assert all(not output.requires_grad for output in passed.relu_outputs())


def test_a_backward_pass_to_parameters_does_not_pay_for_the_inputs(batch: Batch) -> None:
    """The first convolution is asked for its weight's gradient only; for an input Jacobian it is asked for both."""
    network = made_of("plain").train()
    passed = forward(network, batch, Setting(input="given", batch_size=5))
    masks = []
    for wanted in ([network[0].weight], [network[0].weight, passed.inputs]):
        with torch.autograd.profiler.profile(record_shapes=True) as profile:
            torch.autograd.grad(passed.loss, wanted, retain_graph=True)
        calls = [event for event in profile.function_events if event.name == "aten::convolution_backward"]
        masks.append([event.concrete_inputs[-1][0] for event in calls if event.input_shapes[1] == [5, *SHAPE]])
    assert masks == [[False], [True]]
