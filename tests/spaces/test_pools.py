"""The networks' pools give PyTorch's values to the last bit. Oracle: `torch.nn.AvgPool2d`, `torch.nn.MaxPool2d`."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.func import grad, jacrev, jvp, vmap

from harness.spaces import open_space, pools

SPACES = {
    "nasbench201": "|avg_pool_3x3~0|+|avg_pool_3x3~0|none~1|+|skip_connect~0|nor_conv_3x3~1|none~2|",
    "darts": (
        "[[(0, 5), (1, 4), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)],"
        " [(0, 4), (1, 5), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)]]"
    ),
}
SPECIAL: dict[str, dict[str, Any]] = {
    "average": {"count_include_pad": False},
    "padded average": {},
    "average up": {"count_include_pad": False, "ceil_mode": True},
    "divided": {"count_include_pad": False, "divisor_override": 4},
    "maximum": {},
    "maximum up": {"ceil_mode": True},
    "dilated": {"dilation": 2},
}


def pair(kind: str, *arguments: Any, **options: Any) -> tuple[nn.Module, nn.Module]:
    name = "MaxPool2d" if kind.startswith(("maximum", "dilated")) else "AvgPool2d"
    return getattr(pools, name)(*arguments, **options), getattr(nn, name)(*arguments, **options)


def images(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_()


@pytest.mark.parametrize("sides", [(8, 8), (7, 9), (5, 4), (3, 3)])
@pytest.mark.parametrize("stride", [1, 2, (2, 2), (1, 2)])
@pytest.mark.parametrize("kind", SPECIAL)
def test_values_and_two_derivatives_are_those_of_the_library(kind: str, stride: Any, sides: tuple[int, int]) -> None:
    fast, plain = pair(kind, 3, stride, 1, **SPECIAL[kind])
    inputs = images(2, 3, *sides)
    found = []
    for pool in (fast, plain):
        outputs = pool(inputs)
        (slope,) = torch.autograd.grad(outputs.pow(3).sum(), inputs, create_graph=True)
        (curve,) = torch.autograd.grad(slope.square().sum(), inputs)
        found.append((outputs, slope, curve))
    assert torch.equal(found[0][0], found[1][0])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(sides=st.tuples(st.integers(1, 9), st.integers(1, 9)), stride=st.sampled_from([1, 2]), seed=st.integers(0, 99))
def test_float32_values_are_those_of_the_library(sides: tuple[int, int], stride: int, seed: int) -> None:
    inputs = torch.randn(3, 4, *sides, generator=torch.Generator().manual_seed(seed))
    for kind in ("average", "maximum"):
        fast, plain = pair(kind, 3, stride, 1, **SPECIAL[kind])
        assert torch.equal(fast(inputs), plain(inputs))


# PyTorch scripts its forward-mode rules when they are first used, and warns of scripting
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
def test_derivatives_of_functions_of_functions() -> None:
    """Forward over reverse mode, and a batch of gradients."""
    inputs, direction = images(2, 3, 5, 5).detach(), images(2, 3, 5, 5).detach() + 1
    found = []
    for pool in pair("average", 3, 1, 1, **SPECIAL["average"]):

        def value(x: Tensor, pool: nn.Module = pool) -> Tensor:
            return pool(x).pow(3).sum()

        found.append((jvp(grad(value), (inputs,), (direction,))[1], jacrev(lambda x, pool=pool: pool(x))(inputs)))
        found[-1] += (vmap(pool)(inputs[None]), jvp(pool, (inputs,), (direction,))[1])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("kernel", "padding"), [(2, 0), (2, 1), (5, 2), ((3, 1), (1, 0)), (3, 0)])
def test_other_windows_are_left_to_the_library(kernel: Any, padding: Any) -> None:
    for kind in ("average", "maximum"):
        fast, plain = pair(kind, kernel, 1, padding, **SPECIAL[kind])
        assert torch.equal(fast(images(2, 3, 6, 6)), plain(images(2, 3, 6, 6)))


def test_other_inputs_are_left_to_the_library() -> None:
    for kind in ("average", "maximum"):
        fast, plain = pair(kind, 3, 1, 1, **SPECIAL[kind])
        one = images(3, 6, 6)
        last = images(2, 3, 6, 6).detach().contiguous(memory_format=torch.channels_last)
        half = images(2, 3, 6, 6).detach().bfloat16()
        for inputs in (one, last, half, last.to("meta")):
            found, expected = fast(inputs), plain(inputs)
            assert found.dtype == expected.dtype
            assert found.stride() == expected.stride()
            assert inputs.is_meta or torch.equal(found, expected)


def test_indices_are_given_where_they_are_asked_for() -> None:
    fast, plain = pair("maximum", 3, 1, 1, return_indices=True)
    for one, other in zip(fast(images(2, 3, 6, 6)), plain(images(2, 3, 6, 6)), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("kind", SPECIAL)
def test_they_print_as_the_library_does(kind: str) -> None:
    fast, plain = pair(kind, 3, 2, 1, **SPECIAL[kind])
    assert repr(fast) == repr(plain)
    assert not fast.state_dict()


@pytest.mark.parametrize("space", SPACES)
def test_the_spaces_networks_are_made_of_them(space: str) -> None:
    """And their float32 logits are those of the library's pools."""
    opened = open_space(space)
    network = opened.build(opened.parse(SPACES[space]), classes=3, width=4, depth=3).eval()
    inputs = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        fast = network(inputs)
        made = [module for module in network.modules() if isinstance(module, pools.AvgPool2d | pools.MaxPool2d)]
        for module in made:
            module.__class__ = nn.AvgPool2d if isinstance(module, nn.AvgPool2d) else nn.MaxPool2d
        assert torch.equal(fast, network(inputs))
    assert len(made) >= 3
    threes = (module for module in network.modules() if isinstance(module, nn.AvgPool2d | nn.MaxPool2d))
    assert sum(module.kernel_size == 3 for module in threes) == len(made)
