"""Bounds of the numbers in a pass: never below the numbers themselves, and known for the whole of a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from harness.batches import Batch
from harness.measurements import watch as watch_module
from harness.measurements.bounds import BOUNDED, Bounds
from harness.measurements.watch import Watch

Kept = list[tuple[str, Tensor, bool, float]]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Operation, result, whether it was taken as bounded, and the bound, of every operation that may have one."""
    seen: Kept = []
    kinds = {"keep": Bounds.keep, "keep_norm": Bounds.keep_norm}

    def noting(name: str) -> Callable[..., bool]:
        def note(self: Bounds, *given: Any) -> bool:
            bounded = kinds[name](self, *given)
            operation, result = ("native_batch_norm", given[0]) if name == "keep_norm" else given[:2]
            seen.append((operation, result.detach().clone(), bounded, self.of(result)))
            return bounded

        return note

    for name in kinds:
        monkeypatch.setattr(Bounds, name, noting(name))
    return seen


class Mixed(nn.Module):
    """Every operation that has a bound, on channels of very different size, twice."""

    def __init__(self, size: float) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.grouped = nn.Conv2d(4, 8, 3, groups=2, dilation=2, padding=2)
        self.transposed = nn.ConvTranspose2d(8, 4, 3, padding=1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.normal_().mul_(size)

    def forward(self, images: Tensor) -> Tensor:
        normed = self.norm(self.first(images))
        both = torch.cat([normed.relu(), normed * 3], 1)
        pooled = functional.avg_pool2d(functional.max_pool2d(both, 2), 2)
        wide = self.grouped(normed.add(normed, alpha=-2.5)) + torch.zeros(8, 1, 1) - both
        return self.transposed(wide.clone() * pooled.sum()).flatten(1)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("seed", range(5))
def test_no_entry_is_beyond_its_bound(size: float, seed: int, kept: Kept) -> None:
    torch.manual_seed(seed)
    network = Mixed(size)
    with Watch():
        network(torch.randn(4, 3, 8, 8) * 10**seed)
    assert {operation for operation, *_ in kept} >= {*BOUNDED, "native_batch_norm"} - {
        "zeros",
        "zeros_like",
        "new_zeros",
    }
    assert any(bounded for *_, bounded, _ in kept)
    for operation, result, bounded, bound in kept:
        if bounded:
            assert float(result.abs().max()) <= bound * (1 + 1e-5), operation


def test_the_largest_value_that_batch_norm_can_give_is_its_bound(kept: Kept) -> None:
    images = torch.zeros(2, 1, 4, 4)
    images[0, 0, 0, 0] = 1e3
    with Watch():
        nn.BatchNorm2d(1, eps=1e-12)(images)
    ((_, result, bounded, bound),) = [each for each in kept if each[0] == "native_batch_norm"]
    assert bounded
    assert 32**0.5 <= bound <= 3 * 32**0.5
    assert float(result.max()) == pytest.approx(31**0.5)  # one of n values that differs: √(n − 1)


def test_eval_mode_written_and_unknown_tensors_have_no_bound(kept: Kept) -> None:
    network = nn.Sequential(nn.BatchNorm2d(3).eval(), nn.Conv2d(3, 3, 1))
    norm, images = nn.BatchNorm2d(3), torch.randn(4, 3, 8, 8)
    with Watch(), torch.no_grad():
        network(images)
        written = norm(images)
        written.mul_(1e30)
        written + written
    operations = [(operation, bounded) for operation, _, bounded, _ in kept]
    assert operations == [
        ("native_batch_norm", False),
        ("convolution", False),
        ("native_batch_norm", True),
        ("add", False),
    ]


def test_a_bound_beyond_the_type_is_none(kept: Kept) -> None:
    norm, images = nn.BatchNorm2d(3), torch.randn(4, 3, 8, 8)
    with Watch(), torch.no_grad():
        normed = norm(images)
        (normed * 1e33).add(normed)
    assert [(operation, bounded) for operation, _, bounded, _ in kept] == [
        ("native_batch_norm", True),
        ("mul", False),
        ("add", False),
    ]


def test_in_a_cell_almost_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    real = watch_module._all_finite

    def counting(tensor: Tensor) -> bool:
        looked.append(tensor.numel())
        return real(tensor)

    monkeypatch.setattr(watch_module, "_all_finite", counting)
    space = harness.open_space("nasbench201")
    cell = space.parse("|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|")
    network, images = space.build(cell, width=4, depth=1), torch.randn(4, 3, 32, 32)
    with Watch() as watch:
        handles = watch.take_as_known(network.modules())
        network(images)
    for handle in handles:
        handle.remove()
    assert looked == [4 * 16, 4 * 10]  # the mean over the image, and the classifier


class Hidden(nn.Module):
    """Values that a bound was known for are made huge behind autograd's back, overflow, and are hidden again."""

    def __init__(self, write: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 3)
        self.write = write

    def forward(self, images: Tensor) -> Tensor:
        huge = self.write(self.norm(self.conv(images)).clone()) * 1e10
        return self.head((1 / (1 + huge.abs())).mean((2, 3)))


def by_alias(values: Tensor) -> Tensor:
    values.data.mul_(1e30)
    return values


def by_bits(values: Tensor) -> Tensor:
    values.data.view(torch.int32).fill_(0x7F000000)  # 1.7e38
    return values


def by_another_memory(values: Tensor) -> Tensor:
    values.data = values.data * 1e30
    return values


def by_a_view(values: Tensor) -> Tensor:
    values[:, :1].mul_(1e30)
    return values


@pytest.mark.parametrize("write", [by_alias, by_bits, by_another_memory, by_a_view])
def test_what_is_written_into_bounded_values_is_looked_at(write: Callable[[Tensor], Tensor]) -> None:
    torch.manual_seed(0)
    batch = Batch(torch.randn(6, 3, 8, 8), torch.tensor([0, 1, 2, 0, 1, 2]))
    scores = harness.score(Hidden(write), batch, ["grad_norm", "snip", "plain"])
    assert {score.status for score in scores.values()} == {"not_finite"}, scores
    assert {score.status for score in harness.score(Hidden(lambda x: x), batch, ["grad_norm"]).values()} == {"ok"}


def test_an_operator_of_ones_own_is_looked_at_whatever_its_name() -> None:
    library = torch.library.Library("nasinit_test_bounds", "DEF")
    library.define("mul(Tensor a, Tensor b) -> Tensor")
    library.impl("mul", lambda a, b: torch.exp(a * b * 1e3), "CompositeExplicitAutograd")

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, values: Tensor) -> Tensor:
            return torch.ops.nasinit_test_bounds.mul(values, values)

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            return gradient

    batch = Batch(torch.randn(6, 3, 8, 8), torch.tensor([0, 1, 2, 0, 1, 2]))
    (score,) = harness.score(Hidden(Own.apply), batch, ["grad_norm"]).values()
    assert (score.status, "nasinit_test_bounds::mul" in score.message) == ("not_finite", True), score


def test_tensors_of_inference_mode_are_no_obstacle() -> None:
    def beside(values: Tensor) -> Tensor:
        with torch.inference_mode():
            zeros = torch.zeros(4).relu().clone()
        return values + float(zeros.sum())

    batch = Batch(torch.randn(6, 3, 8, 8), torch.tensor([0, 1, 2, 0, 1, 2]))
    (score,) = harness.score(Hidden(beside), batch, ["grad_norm"]).values()
    assert score.status == "ok", score


def test_a_channel_whose_kernel_overflows_is_not_finite() -> None:
    """A nearly constant channel of 1e37: mean and deviation are finite, what batch norm adds up is not."""

    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.head = nn.BatchNorm2d(3), nn.Linear(3, 3)

        def forward(self, images: Tensor) -> Tensor:
            return self.head(self.norm(images * 0 + 1e37).nan_to_num(0, 0, 0).mean((2, 3)))

    batch = Batch(torch.randn(6, 3, 8, 8), torch.tensor([0, 1, 2, 0, 1, 2]))
    (score,) = harness.score(Constant(), batch, ["grad_norm"]).values()
    assert score.status == "not_finite", score


def test_what_a_layer_read_is_what_was_recorded_though_its_memory_is_replaced() -> None:
    class Binary(nn.Module):
        def __init__(self, *, replaced: bool) -> None:
            super().__init__()
            self.conv, self.relu, self.head = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Linear(4, 3)
            self.replaced = replaced

        def forward(self, images: Tensor) -> Tensor:
            values = self.relu(self.conv(images))
            logits = self.head(values.mean((2, 3)))
            if self.replaced:
                values.data = values.data * 0 + 1
            return logits

    batch = Batch(torch.randn(6, 3, 8, 8), torch.tensor([0, 1, 2, 0, 1, 2]))
    found = []
    for replaced in (False, True):
        torch.manual_seed(1)
        found.append(harness.score(Binary(replaced=replaced), batch, ["swap", "nwot", "linear_regions"]))
    assert {name: score.value for name, score in found[0].items()} == {
        name: score.value for name, score in found[1].items()
    }
