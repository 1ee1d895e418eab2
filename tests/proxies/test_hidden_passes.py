"""Networks whose own passes hide something: derivatives inside, masks, sparse gradients, other types, other ReLUs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from tests.proxies.random_networks import CLASSES, SAMPLES, SIDE, SIMPLE, WIDE, Block, Network, convolution
from tests.proxies.test_random_networks import EVERY_PROXY, REFUSALS, given, wrong


class Recomputed(torch.autograd.Function):
    """Adds the parameters' gradients to `.grad` by a backward pass of its own, as RevNet's code does."""

    @staticmethod
    def forward(context: Any, features: Tensor, layer: nn.Module) -> Tensor:
        context.layer, context.features = layer, features.detach()
        return layer(features)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, None]:
        features = context.features.clone().requires_grad_()
        with torch.enable_grad():
            context.layer(features).backward(gradient)
        return features.grad, None


class Masked(nn.Conv2d):
    def __init__(self) -> None:
        super().__init__(WIDE, WIDE, 3, padding=1)
        self.register_buffer("mask", torch.ones_like(self.weight))

    def forward(self, features: Tensor) -> Tensor:
        return functional.conv2d(features, self.weight * self.mask, self.bias, padding=1)


class Negative(nn.ReLU):
    def forward(self, features: Tensor) -> Tensor:
        return -super().forward(features)


def seeded(block: Block | nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for module in block.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return Network([block, SIMPLE["plain"]()]).double()


def along(block: nn.Module, x: Tensor) -> Tensor:
    return x + torch.func.jvp(block.layer, (x,), (torch.ones_like(x),))[1]


def embedded(block: nn.Module, x: Tensor) -> Tensor:
    return x + block.layer((7 * x.flatten(1)[:, :6].abs()).long() % 5).mean(1)[:, :, None, None]


def in_bfloat16(block: nn.Module, x: Tensor) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return block.layer(x).to(x.dtype)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("bn", ["train", "eval"])
@pytest.mark.parametrize(
    ("compute", "layer"),
    [
        (lambda b, x: Recomputed.apply(x, b.layer), convolution()),
        (along, convolution()),
        (lambda b, x: x + b.layer(x), Masked()),
    ],
)
def test_a_network_is_scored_right_or_refused(compute: Any, layer: nn.Module, bn: str) -> None:
    assert wrong(seeded(Block(compute, layer=layer)), given(0), bn) == []


@pytest.mark.parametrize("proxy", ["grad_norm", "knas", "ntk_trace", "fisher", "zico", "synflow"])
def test_a_backward_pass_inside_another_is_refused(proxy: str) -> None:
    network = seeded(Block(lambda b, x: Recomputed.apply(x, b.layer), layer=convolution()))
    score = harness.score(network, given(0), [proxy])[proxy]
    assert score.status == "not_applicable", score
    assert "calls backward() in its own backward pass" in score.message
    assert all(parameter.grad is None for parameter in network.parameters())


def test_values_alone_need_no_backward_pass() -> None:
    """`nwot` and `l2_norm` read what the forward pass gives, whatever a backward pass would do."""
    recomputed, plain = (
        seeded(Block(compute, layer=convolution()))
        for compute in (lambda b, x: Recomputed.apply(x, b.layer), lambda b, x: b.layer(x))
    )
    for name in ("nwot", "l2_norm"):
        scores = [harness.score(network, given(0), [name])[name] for network in (recomputed, plain)]
        assert scores[0].status == "ok"
        assert scores[0].value == scores[1].value


def test_a_mask_stays_where_weights_are_drawn() -> None:
    masked = seeded(Block(lambda b, x: x + b.layer(x), layer=Masked()))
    plain = seeded(Block(lambda b, x: x + b.layer(x), layer=convolution()))
    values = [harness.score(network, given(0), ["zen"])["zen"].value for network in (masked, plain)]
    assert values[0] == pytest.approx(values[1], rel=1e-12)


def test_sparse_gradients_give_what_dense_ones_give() -> None:
    def scores(sparse: bool) -> dict[str, harness.Score]:
        return harness.score(seeded(Block(embedded, layer=nn.Embedding(5, WIDE, sparse=sparse))), given(0), EVERY_PROXY)

    dense, sparse = scores(False), scores(True)
    assert {name: each.status for name, each in sparse.items()} == {name: each.status for name, each in dense.items()}
    for name, each in dense.items():
        assert sparse[name].value == pytest.approx(each.value, rel=1e-9, nan_ok=True), name


def test_a_layer_that_computes_in_another_type_has_no_rows() -> None:
    network = seeded(Block(in_bfloat16, layer=convolution())).float()
    scores = harness.score(network, given(0), EVERY_PROXY)
    assert {each.status for each in scores.values()} <= {"ok", *REFUSALS}
    assert scores["m_trace"].status == "not_applicable"
    assert "of its type" in scores["m_trace"].message
    assert scores["nwot"].status == "ok"


@pytest.mark.parametrize("proxy", ["nwot", "swap", "linear_regions"])
def test_a_relu_with_a_forward_of_its_own_is_no_relu(proxy: str) -> None:
    network = seeded(Block(lambda b, x: b.relu(b.layer(x)), layer=convolution(), relu=Negative()))
    score = harness.score(network, given(0), [proxy])[proxy]
    assert score.status == "not_applicable", score
    assert f"relu {SAMPLES * WIDE * SIDE**2}" in score.message


@pytest.mark.parametrize("proxy", ["ntk_condition", "ntk_condition_exact", "m_condition"])
def test_a_kernel_beyond_the_networks_type_is_not_finite(proxy: str) -> None:
    network = seeded(Block(lambda b, x: 1e25 * b.layer(x), layer=convolution())).float()
    score = harness.score(network, given(0), [proxy], bn="eval")[proxy]
    assert score.status == "not_finite", score


def test_whole_numbers_that_the_network_changes_stay() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Network([SIMPLE["plain"]()]).double()

        def forward(self, images: Tensor, places: Tensor) -> Tensor:
            return self.inner(images) * places.add_(1)[:, None]

    places = torch.arange(SAMPLES)
    harness.score(Counting(), harness.Batch([given(0).inputs, places], given(0).labels), EVERY_PROXY)
    assert places.tolist() == list(range(SAMPLES))


def test_complex_weights_are_refused() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE**2, CLASSES, dtype=torch.complex128))
    with pytest.raises(harness.HarnessError, match=r"'1\.weight' is sparse, quantized or complex"):
        harness.score(network, given(0))
