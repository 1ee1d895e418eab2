"""Overflow on the way, and activations that no ReLU module shows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from harness.batches import Batch

FINITE = ["grad_norm", "swap", "m_trace", "jacob_cov", "nwot", "zico", "gradsign"]
HUGE = 1e25


@pytest.fixture
def batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    return Batch(torch.randn(6, 3, 8, 8, generator=generator), torch.tensor([0, 1, 2, 0, 1, 2]))


class Between(nn.Module):
    """A convolution whose outputs are huge, and what hides that afterwards."""

    def __init__(self, hide: Callable[[Tensor], Tensor] | nn.Module) -> None:
        super().__init__()
        self.conv, self.relu, self.head = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Linear(4, 3)
        self.hide = hide

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.relu(self.hide(self.conv(images))).mean((2, 3)))


@pytest.mark.parametrize(
    ("hide", "layer"),
    [
        (nn.BatchNorm2d(4), "'hide' of type BatchNorm2d"),
        (nn.BatchNorm2d(4, track_running_stats=False), "'hide' of type BatchNorm2d"),
        (nn.GroupNorm(2, 4), "the logits"),  # it gives NaN
        (nn.LayerNorm([4, 6, 6]), "the logits"),
        (nn.InstanceNorm2d(4), "'hide' of type InstanceNorm2d"),
        (nn.RMSNorm([4, 6, 6]), "'hide' of type RMSNorm"),
        (lambda x: functional.batch_norm(x, None, None, training=True), "Between"),
        (lambda x: x / x.square().mean(1, keepdim=True).sqrt(), "Between"),
        (lambda x: torch.sigmoid(-x.square()), "Between"),
        (lambda x: functional.relu6(x * 1e20), "Between"),
        (lambda x: functional.normalize(x), "Between"),
        (lambda x: x.exp().clamp(max=1), "Between"),
        (lambda x: 1 / (x * 1e10).mul_(1e10), "Between"),
        (lambda x: x.clone().exp_().clamp(max=1), "Between"),
        (lambda x: x * torch._weight_norm(x.new_ones(4, 4) * 1e25, x.new_ones(4, 1), 0).sum(), "Between"),
        (lambda x: 1 / torch.full_like(x, torch.nan).copy_(x.double() * 1e60), "Between"),
    ],
)
def test_what_overflows_on_the_way_is_not_finite(
    hide: Callable[[Tensor], Tensor] | nn.Module, layer: str, batch: Batch
) -> None:
    torch.manual_seed(0)
    network = Between(hide)
    with torch.no_grad():
        network.conv.weight.mul_(HUGE)
    scores = harness.score(network, batch, FINITE)
    assert {score.status for score in scores.values()} == {"not_finite"}, scores
    assert all(layer in score.message for score in scores.values()), scores


@pytest.mark.parametrize("inplace", [False, True])
def test_a_convolution_that_overflows_is_named_by_itself(inplace: bool, batch: Batch) -> None:
    network = Between(nn.ReLU(inplace))
    with torch.no_grad():
        network.conv.weight.fill_(-1e38)
    (score,) = harness.score(network, Batch(batch.inputs.abs() * 1e5, batch.labels), ["grad_norm"]).values()
    assert (score.status, "layer 'conv' of type Conv2d" in score.message) == ("not_finite", True), score


def masked(x: Tensor) -> Tensor:
    """Attention over positions with a mask of -inf, which is no overflow."""
    rows = x.flatten(2).transpose(1, 2)
    mask = torch.full((36, 36), float("-inf"), dtype=x.dtype).triu(1)
    products = (rows @ rows.transpose(1, 2) + mask).mul_(2)
    weights = torch.softmax(products, dim=-1)
    causal = functional.scaled_dot_product_attention(rows, rows, rows, is_causal=True)
    return (weights @ rows + causal).transpose(1, 2).reshape(x.shape)


def test_a_mask_of_minus_infinity_is_no_overflow(batch: Batch) -> None:
    scores = harness.score(Between(masked), batch, ["grad_norm", "jacob_cov", "zico"])
    assert {score.status for score in scores.values()} == {"ok"}, scores


@pytest.mark.parametrize(
    ("hide", "named"),
    [
        (nn.ReLU6(), "hardtanh 864"),
        (nn.LeakyReLU(), "leaky_relu 864"),
        (nn.PReLU(), "_prelu_kernel 864"),
        (nn.GELU(), "gelu 864"),
        (nn.Hardswish(), "hardswish 864"),
        (nn.Softplus(), "softplus 864"),
        (functional.relu, "relu 864"),
        (lambda x: x.clamp(min=0), "clamp 864"),
        (lambda x: torch.maximum(x, torch.zeros_like(x)), "maximum 864"),
        (lambda x: x * (x > 0), "gt 864"),
        (lambda x: torch.where(x >= 0, x, 0.1 * x), "ge 864"),
        (lambda x: x * torch.sigmoid(x), "sigmoid 864"),
        (lambda x: functional.relu(x.detach()) + x, "relu 864"),
        (lambda x: x.abs(), "abs 864"),
        (lambda x: x / (1 + torch.exp(-x)), "exp 864"),
        (lambda x: torch.logaddexp(x, torch.zeros_like(x)), "logaddexp 864"),
        (lambda x: torch.copysign(x, torch.ones_like(x)), "copysign 864"),
        (lambda x: x * torch.heaviside(x.detach(), x.new_zeros(())), "heaviside 864"),
        (lambda x: x * ~torch.signbit(x.detach()), "signbit 864"),
        (lambda x: x.frac(), "frac 864"),
        (lambda x: x.round() + x, "round 864"),
        (lambda x: torch.special.erfcx(x), "special_erfcx 864"),
        (lambda x: torch.special.i0(x), "i0 864"),
        (lambda x: x.cummax(1)[0], "cummax 864"),
    ],
)
def test_activations_that_no_relu_module_shows_are_counted(
    hide: Callable[[Tensor], Tensor] | nn.Module, named: str, batch: Batch
) -> None:
    for name, score in harness.score(Between(hide), batch, ["nwot", "swap", "linear_regions"]).items():
        assert score.status == "not_applicable", (name, score)
        assert "nn.ReLU modules are 864 of 1,728 units" in score.message
        assert named in score.message


class Capped(nn.ReLU):
    def forward(self, inputs: Tensor) -> Tensor:
        return inputs.clamp(0, 20)


def patched() -> nn.Module:
    relu = nn.ReLU()
    relu.forward = functional.gelu  # type: ignore[method-assign]
    return relu


def hooked() -> nn.Module:
    relu = nn.ReLU()
    relu.register_forward_hook(lambda module, inputs, output: functional.hardtanh(inputs[0] + 1))
    return relu


@pytest.mark.parametrize("made", [Capped, patched, hooked])
def test_what_looks_like_a_relu_is_none(made: Callable[[], nn.Module], batch: Batch) -> None:
    for name, score in harness.score(Between(made()), batch, ["nwot", "swap", "linear_regions"]).items():
        assert score.status == "not_applicable", (name, score)
        assert "nn.ReLU modules are 864 of" in score.message


def test_a_class_that_is_a_relu_for_values_of_any_size_is_one(batch: Batch) -> None:
    class Own(nn.ReLU):
        def forward(self, inputs: Tensor) -> Tensor:
            return inputs.clamp(min=0)

    scores = harness.score(Between(Own()), batch, ["nwot", "swap", "linear_regions"])
    assert {score.status for score in scores.values()} == {"ok"}, scores


class Trying(nn.Module):
    """Calls a ReLU with what it does not take, and goes on with another activation."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        with suppress(TypeError):
            self.relu(None)
        return functional.gelu(inputs)


def test_a_relu_that_fails_hides_no_activation_after_it(batch: Batch) -> None:
    for name, score in harness.score(Between(Trying()), batch, ["nwot", "swap", "linear_regions"]).items():
        assert (score.status, "gelu 864" in score.message) == ("not_applicable", True), (name, score)


def test_relu_modules_beside_pooling_and_softmax_are_all_seen(batch: Batch) -> None:
    def hide(x: Tensor) -> Tensor:
        return functional.max_pool2d(x, 3, stride=1, padding=1) * torch.softmax(x.mean((2, 3)), 1)[:, :, None, None]

    scores = harness.score(Between(hide), batch, ["nwot", "swap", "linear_regions"])
    assert {score.status for score in scores.values()} == {"ok"}, scores
