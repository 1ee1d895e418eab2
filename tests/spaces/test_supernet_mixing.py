"""What the supernets' cells are made of. Oracles: PyTorch's own pools and batch norm, the paper's figure by hand."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from harness.errors import SpaceError
from harness.spaces.mixing import (
    average_pool,
    channels_last,
    max_pool,
    narrowed,
    normalise_by_batch,
    shuffled,
    summed,
    weighted_norm,
)


def features(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64, requires_grad=True)


def native_average(inputs, stride):
    return functional.avg_pool2d(inputs, 3, stride, 1, count_include_pad=False)


def native_max(inputs, stride):
    return functional.max_pool2d(inputs, 3, stride, 1)


@settings(max_examples=30, deadline=None)
@given(sides=st.tuples(st.integers(1, 9), st.integers(1, 9)), stride=st.sampled_from([1, 2]))
@pytest.mark.parametrize(("pool", "native"), [(average_pool, native_average), (max_pool, native_max)])
def test_pools_and_their_gradients_are_those_of_the_library(pool, native, sides, stride):
    inputs = features(2, 3, *sides)
    found, expected = pool(inputs, stride), native(inputs, stride)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    assert found.is_contiguous()
    gradient = features(*expected.shape, seed=1).detach()
    (one,), (other,) = (torch.autograd.grad(outputs, inputs, gradient) for outputs in (found, expected))
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 9), width=st.integers(1, 9))
def test_the_average_with_the_channels_last_is_that_of_the_library_twice_differentiated_too(height, width):
    plain = features(2, 3, height, width)
    inputs = plain.detach().contiguous(memory_format=torch.channels_last).requires_grad_()
    found, expected = average_pool(inputs), native_average(plain, 1)
    assert channels_last(found) == channels_last(inputs) == (height * width > 1)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    twice = []
    for outputs, leaf in ((found, inputs), (expected, plain)):
        (once,) = torch.autograd.grad(outputs.pow(3).sum(), leaf, create_graph=True)
        twice += [once, *torch.autograd.grad(once.square().sum(), leaf)]
    for one, other in zip(twice[:2], twice[2:], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_of_equal_pixels_the_first_gets_the_gradient_of_the_maximum():
    inputs = torch.ones(1, 2, 6, 6, requires_grad=True)
    (found,), (expected,) = (torch.autograd.grad(pool(inputs, 1).sum(), inputs) for pool in (max_pool, native_max))
    assert torch.equal(found, expected)


@pytest.mark.parametrize("which", ["nnn", "www", "nwn", "wnw", "n", "w"])
def test_a_sum_of_terms_is_the_sum_of_their_products(which):
    tensors = [features(2, 3, 2, 2, seed=place) for place in range(len(which))]
    weights = [features(1, seed=9 + place)[0] if mark == "w" else None for place, mark in enumerate(which)]
    found = summed(list(zip(tensors, weights, strict=True)))
    expected = sum(
        (one if weight is None else weight * one for one, weight in zip(tensors, weights, strict=True)),
        torch.zeros(2, 3, 2, 2, dtype=torch.float64),
    )
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    leaves = [*tensors, *(weight for weight in weights if weight is not None)]
    by_all = [torch.autograd.grad(total.square().sum(), leaves) for total in (found, expected)]
    for one, other in zip(*by_all, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_a_weighted_norm_is_each_blocks_norm_times_its_weight():
    outputs, weights = features(4, 6, 3, 3), features(3, seed=1)
    blocks = [
        weight * functional.batch_norm(block, None, None, training=True)
        for weight, block in zip(weights, outputs.chunk(3, dim=1), strict=True)
    ]
    found, expected = weighted_norm(outputs, weights), torch.cat(blocks, dim=1)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    gradient = features(*outputs.shape, seed=2).detach()
    for one, other in zip(
        torch.autograd.grad(found, (outputs, weights), gradient),
        torch.autograd.grad(expected, (outputs, weights), gradient),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-12)


def test_a_shuffle_deals_the_groups_in_turn():
    channels = torch.arange(6.0).view(1, 6, 1, 1)
    assert shuffled(channels, 2).flatten().tolist() == [0, 3, 1, 4, 2, 5]
    assert shuffled(channels, 3).flatten().tolist() == [0, 2, 4, 1, 3, 5]


@settings(max_examples=20, deadline=None)
@given(count=st.integers(1, 4), groups=st.integers(1, 5), wide=st.integers(1, 3))
def test_a_shuffle_moves_channels_and_changes_none(count, groups, wide):
    inputs = features(count, groups * wide, 2, 3)
    found = shuffled(inputs, groups)
    for group in range(groups):
        for channel in range(wide):
            assert torch.equal(found[:, channel * groups + group], inputs[:, group * wide + channel])


@pytest.mark.parametrize("partial", [0, -1, 3, 32, True, 2.0, None])
def test_channels_without_such_parts_are_refused(partial):
    assert narrowed(16, 4) == 4
    with pytest.raises(SpaceError, match="partial must divide the channels of the first stage, 16; got"):
        narrowed(16, partial)


@pytest.mark.parametrize("affine", [True, False])
def test_a_norm_by_the_batch_has_no_statistics(affine):
    norm, inputs = nn.BatchNorm2d(3).double(), features(4, 3, 2, 2)
    expected = norm(inputs)
    normalise_by_batch(norm, affine=affine)
    assert list(norm.state_dict()) == (["weight", "bias"] if affine else [])
    torch.testing.assert_close(norm.eval()(inputs), expected, rtol=1e-12, atol=1e-12)
