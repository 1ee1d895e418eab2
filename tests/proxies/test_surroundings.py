"""What a caller's process or a network's history may hold: the same score, or a refusal, and nothing left behind."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn

import harness
from harness.errors import SettingError
from harness.proxies.registry import resolve
from harness.scoring.scorer import score_network
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images

CELL = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|avg_pool_3x3~1|nor_conv_3x3~2|"


def made() -> nn.Module:
    layers = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10))
    return nn.Sequential(*layers)


@pytest.fixture
def batch() -> harness.Batch:
    return harness.Batch(torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(4))


@contextmanager
def changed(change: Callable[[object], object], wanted: object, usual: object) -> Iterator[None]:
    change(wanted)
    try:
        yield
    finally:
        change(usual)


@pytest.mark.parametrize(
    ("change", "wanted", "usual"),
    [
        (torch.set_default_dtype, torch.float64, torch.float32),
        pytest.param(torch.set_default_dtype, torch.bfloat16, torch.float32, marks=pytest.mark.slow),
        pytest.param(torch.set_default_device, "meta", None, marks=pytest.mark.slow),
        pytest.param(torch.set_float32_matmul_precision, "medium", "highest", marks=pytest.mark.slow),
        pytest.param(torch.backends.mha.set_fastpath_enabled, False, True, marks=pytest.mark.slow),
        (torch.manual_seed, 1234, 0),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_global_states_of_torch_do_not_matter_and_do_not_move(
    change: Callable[[object], object], wanted: object, usual: object
) -> None:
    def scored() -> dict[str, tuple[str, float]]:
        """Of a network and a batch that are made in the state too."""
        space, setting = open_space("nasbench201"), Setting(batch_size=8, image_size=16, width=4, depth=1)
        rebuild = functools.partial(space.build, space.parse(CELL))
        entries = resolve("all")
        scores = score_network(rebuild(width=4, depth=1), draw_images(setting), entries, setting, rebuild)
        assert "error" not in {score.status for score in scores.values()}, scores
        return {name: (score.status, repr(score.value)) for name, score in scores.items()}

    plain = scored()
    with changed(change, wanted, usual):
        states = (torch.get_default_dtype(), torch.get_default_device(), torch.backends.mkldnn.matmul.fp32_precision)
        again = scored()
        after = (torch.get_default_dtype(), torch.get_default_device(), torch.backends.mkldnn.matmul.fp32_precision)
        assert after == states
    assert again == plain


def under_inference() -> nn.Module:
    with torch.inference_mode():
        return made()


def sparse() -> nn.Module:
    network = made()
    network[0].register_buffer("mask", torch.eye(4).to_sparse())
    return network


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (under_inference, "'0.weight' was made under torch.inference_mode"),
        (lambda: made().to("meta"), "'0.weight' is on the device meta"),
        (sparse, "'0.mask' is sparse, quantized or complex"),
        (lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(10)), "lazy layers"),
    ],
)
def test_a_network_that_no_score_can_be_made_of_is_refused_and_left_alone(
    network: Callable[[], nn.Module], message: str, batch: harness.Batch
) -> None:
    given = network()
    modes = [module.training for module in given.modules()]
    with pytest.raises(SettingError, match=message):
        harness.score(given, batch, ["grad_norm", "params"])
    assert [module.training for module in given.modules()] == modes


@pytest.mark.parametrize("tensor", [torch.eye(4).to_sparse(), torch.empty(4, 3, device="meta")])
def test_a_batch_without_dense_values_is_refused(tensor: Tensor) -> None:
    with pytest.raises(SettingError, match="dense tensors with values"):
        harness.Batch(tensor, torch.arange(4))


def test_a_batch_made_under_inference_mode_or_with_gradients_is_that_of_its_values(batch: harness.Batch) -> None:
    network = made()
    plain = harness.score(network, batch, ["grad_norm", "jacob_cov"])
    with torch.inference_mode():
        inference = harness.Batch(batch.inputs.clone(), batch.labels.clone())
    leaf = harness.Batch(batch.inputs.clone().requires_grad_() * 1, batch.labels)
    for each in (inference, leaf):
        found = harness.score(network, each, ["grad_norm", "jacob_cov"])
        assert {name: score.value for name, score in found.items()} == {n: s.value for n, s in plain.items()}


class Exits(nn.Module):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.layer, self.error = nn.Linear(3, 10), error

    def forward(self, images: Tensor) -> Tensor:
        raise self.error


@pytest.mark.parametrize("error", [SystemExit(3), SystemExit("bye"), GeneratorExit()])
def test_a_network_that_exits_is_a_status(error: BaseException, batch: harness.Batch) -> None:
    network = Exits(error)
    scores = harness.score(network, batch, ["grad_norm", "params", "zen", "synflow"])
    assert scores["params"].status == "ok"
    assert scores["grad_norm"].status == "error"
    assert f"{type(error).__name__}: {error} (in the network itself (Exits))" == scores["grad_norm"].message
    assert network.training


def test_an_interrupt_goes_through_and_leaves_the_network_as_it_was(batch: harness.Batch) -> None:
    network = Exits(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        harness.score(network, batch, ["grad_norm"])
    assert network.training
    assert torch.get_default_dtype() == torch.float32


def test_parameters_that_share_memory_are_no_obstacle(batch: harness.Batch) -> None:
    network = made()
    network[-1].weight = nn.Parameter(torch.randn(1, 4).expand(10, 4))
    assert harness.score(network, batch, ["l2_norm"])["l2_norm"].status == "ok"
    assert network[-1].weight.stride() == (0, 1)


def test_the_layer_that_fails_is_named(batch: harness.Batch) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.ReLU(), nn.Conv2d(5, 4, 3)), nn.Flatten())
    score = harness.score(network, batch, ["grad_norm"])["grad_norm"]
    assert score.status == "error"
    assert "(in layer '1.1' of type Conv2d)" in score.message
    assert sys.exc_info() == (None, None, None)


class Habit(nn.Module):
    """A network whose passes leave something behind for later ones."""

    def __init__(self, habit: str) -> None:
        super().__init__()
        self.habit = habit
        self.layer, self.relu, self.head = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Linear(4, 10)
        self.register_buffer("mean", torch.zeros(4, 1, 1))
        self.calls, self.cached = 0, None

    def forward(self, images: Tensor) -> Tensor:
        weight = self.layer.weight
        self.calls += 1
        if self.habit == "clips":
            weight.data.mul_(0.9)
        if self.habit == "makes a parameter":
            self.made = nn.Parameter(torch.randn(4, 4))
        if self.habit == "freezes":
            self.head.requires_grad_(False)
        if self.cached is None:
            self.cached = weight.detach() * 2 if self.habit == "caches" else weight * 0
        features = self.relu(self.layer(images))
        if self.habit == "caches":
            features = features + nn.functional.conv2d(images, self.cached)
        if self.habit == "running mean":
            self.mean = 0.5 * self.mean + 0.5 * features.detach().mean((0, 2, 3))[:, None, None]
            features = features - self.mean
        if self.habit == "noise":
            features = nn.functional.dropout(features, 0.3, training=True)
        if self.habit == "counts":
            features = features * (1 if self.calls == 1 else 3)
        return self.head(features.mean((2, 3)))


HABITS = ("clips", "makes a parameter", "freezes", "caches", "running mean", "noise", "counts")


@pytest.mark.parametrize("habit", HABITS)
def test_no_value_depends_on_what_else_is_asked_for_and_nothing_stays(habit: str, batch: harness.Batch) -> None:
    names = ["params", "l2_norm", "snip", "grasp", "synflow", "synflow_bn", "zico", "zen", "meco", "ntk_trace_exact"]
    torch.manual_seed(0)
    network = Habit(habit)
    held = {name: id(each) for name, each in network.named_parameters()}
    contents = {name: each.clone() for name, each in network.state_dict().items()}
    together = harness.score(network, batch, names)
    alone = {name: harness.score(network, batch, [name])[name] for name in names}
    reverse = harness.score(network, batch, names[::-1])
    for name in names:
        values = {repr(scores[name].value) for scores in (together, alone, reverse)}
        assert len(values) == 1, (name, values)
        assert "error" not in {scores[name].status for scores in (together, alone, reverse)}, together[name]
    if habit in ("clips", "makes a parameter", "freezes"):
        assert "changes its own parameters" in together["snip"].message
    assert {name: id(each) for name, each in network.named_parameters()} == held
    assert all(torch.equal(each, contents[name]) for name, each in network.state_dict().items())
    assert (network.calls, network.cached) == (0, None)
    assert all(each.requires_grad for each in network.parameters())
