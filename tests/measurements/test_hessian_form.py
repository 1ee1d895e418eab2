"""θᵀ H g by one sweep, against the double backward pass layer by layer; when the sweep is not taken.

Oracles: `hessian_gradient`, PyTorch's own second derivatives in float64. The proxies that read the form are held to the
references of `tests/proxies/test_zero_cost.py` and `tests/measurements/test_sample_gradients.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

from harness.batches import Batch, draw_batch
from harness.measurements import hessian, tangent_rules
from harness.measurements.batch_norm_rule import normalised
from harness.measurements.forward import LOSSES, trainable
from harness.measurements.gradient import Gradients
from harness.measurements.hessian import hessian_gradient as double_backward
from harness.measurements.inner_product import inner_product
from harness.measurements.preserve import preserved
from harness.measurements.second_derivative import second_derivative
from harness.measurements.session import Session
from harness.measurements.tangents import STILL, Rule, Tangents, inner_by_channel
from harness.proxies.registry import resolve
from harness.scorer import score_network
from harness.setting import Setting
from harness.spaces import open_space
from tests.measurements.conftest import networks
from tests.proxies.zero_cost_networks import made_of, relu_after_convolution

SWEPT = ("nasbench201", "dead edge", "darts", "shared", "plain", "perceptron", "perceptron with relu")
FALLS_BACK = {"group norm": "NativeGroupNorm", "layer norm": "NativeLayerNorm", "in place": "CopySlices"}


@contextmanager
def session(network: nn.Module, batch: Batch, bn: str = "train", loss: str = "cross_entropy") -> Iterator[Session]:
    with preserved(network, bn=bn, seed=0):
        yield Session(network, batch, Setting(input="given", batch_size=len(batch), bn=bn, loss=loss))


def assert_equal_by_layer(network: nn.Module, batch: Batch, bn: str = "train", loss: str = "cross_entropy") -> None:
    """θ_lᵀ (H g)_l for each layer l alone, and their sum."""
    with session(network, batch, bn, loss) as measured:
        gradient, product = measured.value("loss_gradient"), measured.value("hessian_gradient")
        weights = measured.value("weights")
        tape, adjoints = gradient.captured
        parameters = {name: trainable(network)[name] for name in weights}
        direction = {parameter: gradient[name] for name, parameter in parameters.items()}
        scale = max(float(gradient[name].square().sum()) for name in weights)
        for name, parameter in parameters.items():
            found, scaled, moved = second_derivative(tape, dict(adjoints), [parameter], direction)
            expected = float((weights[name] * product[name]).sum())
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-13 * scale), name
            assert scaled == pytest.approx(float((weights[name] * gradient[name]).sum()), rel=1e-9, abs=1e-12), name
            assert moved == pytest.approx(sum(float(gradient[key].square().sum()) for key in weights), rel=1e-9)
        assert measured.value("hessian_form") == pytest.approx(inner_product(weights, product), rel=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", SWEPT)
def test_each_layers_share_is_that_of_the_double_backward_pass(name: str, bn: str, loss: str, batch: Batch) -> None:
    assert_equal_by_layer(made_of(name), batch, bn, loss)


class Branches(nn.Module):
    """What networks do with features beside the spaces' own: slices, padding, pools, products, functional calls."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3, padding=1, padding_mode="zeros")
        self.norm = nn.BatchNorm2d(4, affine=False)
        self.b = nn.Conv2d(4, 4, 3, stride=2, padding=1, dilation=1, groups=2, bias=False)
        self.shift = nn.BatchNorm2d(4, track_running_stats=False)
        self.up = nn.ConvTranspose2d(4, 4, 2, stride=2)
        self.series = nn.Conv1d(6, 4, 3)
        self.series_norm = nn.BatchNorm1d(4)
        self.gate, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        features = functional.relu(self.norm(self.a(inputs)))
        half = functional.relu(self.shift(self.b(features)))
        back = self.up(half) * 0.5 - features / 3
        back = back + functional.pad(functional.max_pool2d(back, 2), (0, 3, 1, 2))
        rows = torch.cat(
            [back[:, :, 1:, :-1], features[:, 1:, ::2].new_ones(5, 4, 5, 5)[:, :4] * back[:, :1, 1:, :-1]], 1
        )
        rows = torch.cat([rows[:, :2], rows[:, -4:]], dim=1)
        series = functional.max_pool1d(self.series_norm(self.series(rows.mean(dim=-1))), 2).squeeze(-1)
        gate = self.gate(functional.adaptive_avg_pool2d(back, 1).flatten(1))
        return self.head(series * gate * torch.tanh(gate) + functional.avg_pool2d(half, 3).sum(dim=(2, 3)) ** 2)


class TiedMatrices(nn.Module):
    """A weight that is read by its module, behind its module's back, and as the other factor of a product."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(108, 6, bias=False), nn.Linear(6, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        features = torch.tanh(self.first(inputs.flatten(1)))
        again = (features @ self.head.weight.t() @ self.head.weight).unsqueeze(1)
        mixed = torch.bmm(again.transpose(1, 2), features.unsqueeze(1)).mean(dim=2)
        return self.head(features + again.squeeze(1) + self.first.weight[:, :1].t() * mixed)


OWN: dict[str, Callable[[], nn.Module]] = {
    "branches": Branches,
    "tied": TiedMatrices,
    "in-place relu": lambda: relu_after_convolution(True),
    "norm of the inputs": lambda: nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 6), nn.Flatten(), nn.Linear(4, 3)),
    "no bias to the logits": lambda: nn.Sequential(nn.Flatten(), nn.Linear(108, 3, bias=False)),
}


def own(name: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = OWN[name]().double()
        for parameter in network.parameters():
            parameter.data += 0.2 * torch.rand_like(parameter)
    return network


@pytest.mark.parametrize("name", OWN)
def test_networks_of_ones_own(name: str, bn: str, batch: Batch) -> None:
    assert_equal_by_layer(own(name), batch, bn)


@pytest.mark.parametrize("frozen", ["cells.0", "norm", "bias", "stem", "classifier"])
def test_what_is_frozen_stands_still(frozen: str, bn: str, batch: Batch) -> None:
    network = networks()["nasbench201"]
    for name, module in network.named_modules():
        for kind, parameter in module.named_parameters(recurse=False):
            norm = isinstance(module, nn.BatchNorm2d)
            if f"{name}.{kind}".startswith(frozen) or kind == frozen or (norm and frozen == "norm"):
                parameter.requires_grad_(False)
    assert_equal_by_layer(network, batch, bn)


@pytest.fixture
def fallbacks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry a call of the double backward pass."""
    calls: list[int] = []
    real = hessian.hessian_gradient

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return real(*arguments)

    monkeypatch.setattr(hessian, "hessian_gradient", counted)
    return calls


def both(network: nn.Module, batch: Batch, bn: str = "train") -> tuple[float, float]:
    """The form, and the one by the double backward pass."""
    with session(network, batch, bn) as measured:
        product = inner_product(measured.value("weights"), double_backward(network, measured.value("forward")))
        return measured.value("hessian_form"), product


@pytest.mark.parametrize("name", FALLS_BACK)
def test_an_operation_without_a_rule_takes_the_double_backward_pass(
    name: str, fallbacks: list[int], batch: Batch
) -> None:
    assert f"{FALLS_BACK[name]}Backward0" not in tangent_rules.RULES
    found, expected = both(networks()[name], batch)
    assert found == expected
    assert len(fallbacks) == 1


class Cube(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.layer, self.function = nn.Linear(108, 3), function

    def forward(self, inputs: Tensor) -> Tensor:
        return self.function(self.layer(inputs.flatten(1)))


class AveragePool(torch.autograd.Function):
    """Another function than the one of this name that has a rule."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor) -> Tensor:
        return inputs * 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient * 2


@pytest.mark.parametrize(
    "function",
    [
        AveragePool.apply,
        lambda x: x**3,
        lambda x: x / (1 + x.square().mean()),
        lambda x: torch.addmm(x, x, x.new_ones(3, 3), beta=2),
        lambda x: torch.addmm(x, x, x.new_ones(3, 3)),
        lambda x: torch.cat([x[:, :2], x.new_ones(5, 1)], dim=1),
        lambda x: functional.batch_norm(x, None, None, x[0], None, training=True),
        lambda x: x.topk(3).values,
        lambda x: x.max(dim=0).values + x,
        lambda x: x.std(dim=0) * x,
    ],
)
def test_what_a_rule_does_not_cover_takes_it_too(
    function: Callable[[Tensor], Tensor], fallbacks: list[int], batch: Batch
) -> None:
    found, expected = both(Cube(function).double(), batch)
    assert found == expected
    assert len(fallbacks) == 1


def test_a_pytorch_that_saves_under_other_names_takes_it_too(
    fallbacks: list[int], batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = Rule(lambda node, inputs, adjoint: node._saved_under_another_name, curved=True)
    monkeypatch.setitem(tangent_rules.RULES, "ConvolutionBackward0", renamed)
    found, expected = both(networks()["plain"], batch)
    assert found == expected
    assert len(fallbacks) == 1


def test_an_adjoint_that_is_missing_is_not_taken_for_zero(fallbacks: list[int], batch: Batch) -> None:
    with session(networks()["plain"], batch) as measured:
        adjoints = measured.value("loss_gradient").captured.adjoints
        del adjoints[next(node for node in adjoints if node.name() == "ConvolutionBackward0")]
        measured.value("hessian_form")
    assert len(fallbacks) == 1


def test_the_spaces_networks_never_take_it(fallbacks: list[int]) -> None:
    cells, darts = open_space("nasbench201"), open_space("darts")
    small = {"classes": 3, "width": 2}
    made = [cells.build(cell, depth=1, **small) for cell in cells.sample(20, seed=1)]
    made += [darts.build(genotype, depth=3, **small) for genotype in darts.sample(8, seed=1)]
    made += [darts.build(genotype, depth=3, auxiliary=True, **small) for genotype in darts.sample(1, seed=2)]
    made += [darts.build(darts.sample(1)[0], depth=3, stem="imagenet", **small)]
    for network in made:
        side = 64 if getattr(network, "imagenet", False) else 32
        batch = draw_batch(Setting(batch_size=2, classes=3, image_size=side))
        with session(network, batch) as measured:
            assert math.isfinite(measured.value("hessian_form"))
    assert not fallbacks


class Hooked(nn.Module):
    """A small network that keeps a hook on the way, or computes a part of itself twice."""

    def __init__(self, change: Callable[[Hooked, Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, bias=False)
        self.bn, self.head, self.change = nn.BatchNorm2d(4), nn.Linear(4, 3), change

    def forward(self, inputs: Tensor) -> Tensor:
        features = functional.relu(self.stem(inputs))
        features = self.conv(features) if self.change is None else self.change(self, features)
        return self.head(torch.tanh(self.bn(features)).mean(dim=(2, 3)))


def halved_on_the_way(network: Hooked, features: Tensor) -> Tensor:
    features.register_hook(lambda gradient: 0.5 * gradient)
    return network.conv(features)


def masked_view(network: Hooked, features: Tensor) -> Tensor:
    """gᵀ∇L is ‖g‖² all the same, θᵀ∇L is not θᵀg."""
    weight = network.conv.weight.view_as(network.conv.weight)
    weight.register_hook(lambda gradient: gradient * (torch.arange(gradient.numel()) % 2).view_as(gradient))
    return functional.conv2d(features, weight)


def checkpointed(reentrant: bool) -> Callable[[Hooked, Tensor], Tensor]:
    def change(network: Hooked, features: Tensor) -> Tensor:
        return checkpoint(network.conv, features, use_reentrant=reentrant)

    return change


def hooks_on_saved_tensors(network: Hooked, features: Tensor) -> Tensor:
    with torch.autograd.graph.saved_tensors_hooks(torch.clone, lambda packed: packed):
        return network.conv(features)


def hooked(kind: str) -> Hooked:
    changes = {
        "tensor": halved_on_the_way,
        "checkpoint": checkpointed(False),
        "saved": hooks_on_saved_tensors,
        "view": masked_view,
    }
    torch.manual_seed(0)
    network = Hooked(changes.get(kind)).double()
    if kind == "mask":
        mask = (torch.arange(network.conv.weight.numel()) % 2).view_as(network.conv.weight)
        network.conv.weight.register_hook(lambda gradient: gradient * mask)
    if kind == "legacy":
        network.bn.register_backward_hook(lambda module, given, _: (given[0] * 2, *given[1:]))
    return network


@pytest.mark.filterwarnings("ignore:Using a non-full backward hook:FutureWarning")
@pytest.mark.parametrize("kind", ["tensor", "mask", "view", "legacy", "checkpoint", "saved"])
def test_hooks_take_the_double_backward_pass(kind: str, bn: str, fallbacks: list[int], batch: Batch) -> None:
    found, expected = both(hooked(kind), batch, bn)
    assert found == expected
    assert len(fallbacks) == 1


def test_a_hook_at_a_weight_leaves_no_tape(batch: Batch) -> None:
    """Whatever it does: one that keeps both gᵀ∇L and θᵀ∇L is seen by nothing else."""
    with session(hooked("mask"), batch) as measured:
        assert measured.value("loss_gradient").captured is None


def test_without_a_hook_the_same_network_is_swept(bn: str, fallbacks: list[int], batch: Batch) -> None:
    found, expected = both(hooked("none"), batch, bn)
    assert found == pytest.approx(expected, rel=1e-9)
    assert not fallbacks


def test_a_reentrant_checkpoint_is_said(batch: Batch) -> None:
    """Autograd gives the parameters inside no gradient, or none by name at all."""
    scores = score_network(
        Hooked(checkpointed(True)).double(),
        batch,
        resolve(["grad_norm", "snip", "grasp"]),
        Setting(input="given", batch_size=len(batch)),
    )
    for score in scores.values():
        assert (score.status, "use_reentrant=False" in score.message) == ("not_applicable", True), score


@pytest.mark.parametrize("error", [RuntimeError, TypeError])
def test_a_rule_that_fails_takes_it_too(
    error: type[Exception], fallbacks: list[int], batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise error("expected another tensor")

    monkeypatch.setitem(tangent_rules.RULES, "ConvolutionBackward0", Rule(fail, curved=True))
    found, expected = both(hooked("none"), batch)
    assert found == expected
    assert len(fallbacks) == 1


def test_a_sweep_that_runs_out_of_memory_says_so(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setitem(tangent_rules.RULES, "ConvolutionBackward0", Rule(fail, curved=True))
    with pytest.raises(RuntimeError, match="allocate memory"):
        both(hooked("none"), batch)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: -x,
        lambda x: 1 - x,
        lambda x: torch.rsub(x, 2, alpha=3),
        lambda x: x.permute(-1, 0).square().permute(1, 0),
        lambda x: x * x[:, -1].unsqueeze(1) + x[0] * x.select(-2, 1),
    ],
)
def test_small_linear_operations(function: Callable[[Tensor], Tensor], fallbacks: list[int], batch: Batch) -> None:
    found, expected = both(Cube(lambda x: function(x) * x).double(), batch)
    assert found == pytest.approx(expected, rel=1e-9)
    assert not fallbacks


@pytest.mark.parametrize("shape", [(2, 0, 3), (0, 3, 2)])
def test_sums_by_channel_of_nothing_are_zeros(shape: tuple[int, ...]) -> None:
    empty = torch.ones(shape)
    assert torch.equal(inner_by_channel(empty, empty), torch.zeros(shape[1], dtype=torch.float64))


def test_sums_by_channel_take_two_precisions() -> None:
    one, other = torch.rand(2, 3, 4), torch.rand(2, 3, 4, dtype=torch.float64)
    assert torch.allclose(inner_by_channel(one, other), (one.double() * other).sum(dim=(0, 2)), rtol=1e-12)


def test_eval_batch_norm_keeps_the_tangents_precision() -> None:
    """Half-precision features under statistics in float32."""
    features, tangent = (torch.rand(2, 3, 4, 4).bfloat16() for _ in range(2))
    output = functional.batch_norm(features.requires_grad_(), torch.zeros(3), torch.ones(3), torch.ones(3))
    moved = normalised(output.grad_fn, [Tangents(tangent, None), STILL, STILL], None)[0].scaled
    assert moved is not None
    assert moved.dtype == torch.bfloat16
    assert torch.allclose(moved, tangent, rtol=1e-2)


class Calls(TorchDispatchMode):
    """Names of the operations that are called inside."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def test_a_sweep_is_four_convolutions_a_layer_and_no_backward_pass(batch: Batch) -> None:
    """Three of the first layer that moves: its input does not, and the images' tangents are none."""
    network = networks()["nasbench201"]
    with session(network, batch) as measured:
        gradient = measured.value("loss_gradient")
        forward = measured.value("forward")
        with Calls() as calls:
            hessian.hessian_form(network, forward, gradient)
    convolutions = sum(isinstance(call.module, nn.Conv2d) for call in forward.calls)
    assert convolutions > 10
    assert 4 * convolutions - 4 <= calls.names.count("convolution") <= 4 * convolutions - 2
    assert "convolution_backward" not in calls.names


def captured(names: list[str], batch: Batch, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many adjoints each of a pass's gradients kept, when it was made."""
    kept: list[int] = []
    real = Gradients.__init__

    def counted(self: Gradients, *arguments: Any) -> None:
        real(self, *arguments)
        kept.append(len(self.captured.adjoints) if self.captured else 0)

    monkeypatch.setattr(Gradients, "__init__", counted)
    score_network(networks()["nasbench201"], batch, resolve(names), Setting(input="given", batch_size=len(batch)))
    return kept


def test_adjoints_are_kept_only_for_who_reads_them(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert captured(["grad_norm", "fisher", "snip"], batch, monkeypatch) == [0]


def test_adjoints_are_kept_until_they_are_read(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    (kept,) = captured(["grad_norm", "grasp"], batch, monkeypatch)
    assert kept > 30
    with session(networks()["nasbench201"], batch) as measured:
        measured.value("hessian_form")
        assert not measured.value("loss_gradient").captured.adjoints


def test_a_convolution_and_its_norm_keep_one_tensor(batch: Batch) -> None:
    with session(networks()["nasbench201"], batch) as measured:
        _, adjoints = measured.value("loss_gradient").captured
    tensors = [adjoint.gradient.data_ptr() for adjoint in adjoints.values() if adjoint.gradient.ndim == 4]
    assert len(set(tensors)) <= len(tensors) / 2 + 3


def test_float32_is_nearer_to_float64_than_the_double_backward_pass() -> None:
    """Without ReLUs: one that changes sides with the precision moves either by as much."""
    errors = []
    for seed in range(4):
        layers = [[nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.Tanh()] for _ in range(8)]
        network = nn.Sequential(*(module for layer in layers for module in layer), nn.Flatten(), nn.Linear(512, 4))
        generator = torch.Generator().manual_seed(seed)
        for parameter in network.parameters():
            if parameter.ndim > 1:
                parameter.data = torch.randn(parameter.shape, generator=generator) / 9
        given = Batch(torch.randn(32, 8, 8, 8, generator=generator), torch.arange(32) % 4)
        found = both(network, given)
        exact, _ = both(network.double(), Batch(given.inputs.double(), given.labels))
        errors.append([abs(value / exact - 1) for value in found])
    form, product = (max(column) for column in zip(*errors, strict=True))
    assert form < 1e-6
    assert form < product / 3
