"""Bounds of the numbers in a pass: never below the numbers themselves, and known for the whole of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from harness.measurements import watch as watch_module
from harness.measurements.bounds import BOUNDED, Bounds
from harness.measurements.watch import Watch

Kept = list[tuple[str, Tensor, bool, float]]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Operation, result, whether it was taken as bounded, and the bound, of every operation that may have one."""
    seen: Kept = []
    real = Bounds.keep

    def noting(self: Bounds, operation: str, result: Tensor, args: tuple[Any, ...], options: Mapping[str, Any]) -> bool:
        bounded = real(self, operation, result, args, options)
        seen.append((operation, result.detach().clone(), bounded, self.of(result)))
        return bounded

    monkeypatch.setattr(Bounds, "keep", noting)
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
    assert {operation for operation, *_ in kept} >= set(BOUNDED) - {"zeros", "zeros_like", "new_zeros"}
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
    assert bound == pytest.approx(32**0.5)
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
