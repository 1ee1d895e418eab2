"""When θᵀ H g is not taken by the sweep but by the double backward pass: what no rule covers, hooks, errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from harness.batches import Batch
from harness.measurements import hessian
from harness.measurements.second_order import tangent_rules
from harness.measurements.second_order.tangents import Rule
from harness.proxies.registry import resolve
from harness.scoring.scorer import score_network
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images
from tests.measurements.conftest import networks
from tests.measurements.hessian import both, session

FALLS_BACK = {"group norm": "NativeGroupNorm", "layer norm": "NativeLayerNorm", "in place": "CopySlices"}


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


@pytest.mark.slow
def test_the_spaces_networks_never_take_it(fallbacks: list[int]) -> None:
    cells, darts = open_space("nasbench201"), open_space("darts")
    small = {"classes": 3, "width": 2}
    made = [cells.build(cell, depth=1, **small) for cell in cells.sample(20, seed=1)]
    made += [darts.build(genotype, depth=3, **small) for genotype in darts.sample(8, seed=1)]
    made += [darts.build(genotype, depth=3, auxiliary=True, **small) for genotype in darts.sample(1, seed=2)]
    made += [darts.build(darts.sample(1)[0], depth=3, stem="imagenet", **small)]
    for network in made:
        side = 64 if getattr(network, "imagenet", False) else 32
        batch = draw_images(Setting(batch_size=2, classes=3, image_size=side))
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
