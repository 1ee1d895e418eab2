"""1×1 convolutions as products, against PyTorch's convolution."""

import pytest
import torch
from torch.nn import functional

from harness.spaces.pointwise import pointwise


def tensors(dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(3, 4, 5, 6, generator=generator, dtype=dtype)
    return inputs.requires_grad_(), torch.randn(7, 4, 1, 1, generator=generator, dtype=dtype).requires_grad_()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_value_and_gradients_are_the_convolutions(layout):
    inputs, weights = tensors()
    placed = inputs.contiguous(memory_format=layout)
    outputs, expected = pointwise(placed, weights), functional.conv2d(inputs, weights)
    torch.testing.assert_close(outputs, expected, rtol=1e-14, atol=1e-14)
    direction = torch.randn(expected.shape, generator=torch.Generator().manual_seed(1), dtype=expected.dtype)
    found, wanted = (torch.autograd.grad(value, (inputs, weights), direction) for value in (outputs, expected))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-13)


def test_it_can_be_differentiated_twice():
    assert torch.autograd.gradgradcheck(pointwise, tensors())


def test_only_what_is_asked_for_is_computed():
    inputs, weights = tensors()
    assert torch.autograd.gradcheck(lambda values: pointwise(values, weights.detach()), inputs)
    assert torch.autograd.gradcheck(lambda values: pointwise(inputs.detach(), values), weights)
