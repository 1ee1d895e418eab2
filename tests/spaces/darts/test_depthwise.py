"""Depthwise convolutions. Oracles: PyTorch's own convolution with its gradients, finite differences."""

import pytest
import torch
from torch.nn import functional

from harness.spaces.darts.depthwise import depthwise


def tensors(kernel, sides, count=3, channels=2):
    generator = torch.Generator().manual_seed(0)
    shapes = (count, channels, *sides), (channels, 1, kernel, kernel)
    return [torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True) for shape in shapes]


CASES = [(kernel, dilation, stride) for kernel in (3, 5) for dilation in (1, 2) for stride in (1, 2)]


@pytest.mark.parametrize("sides", [(8, 8), (6, 9), (7, 5), (1, 2)])
@pytest.mark.parametrize(("kernel", "dilation", "stride"), CASES)
def test_outputs_and_gradients_are_the_convolutions(kernel, dilation, stride, sides):
    inputs, weight = tensors(kernel, sides)
    padding = dilation * (kernel // 2)
    expected = functional.conv2d(inputs, weight, None, stride, padding, dilation, groups=2)
    found = depthwise(inputs, weight, stride=stride, dilation=dilation)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    gradient = torch.randn(expected.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for one, other in zip(
        torch.autograd.grad(found, (inputs, weight), gradient),
        torch.autograd.grad(expected, (inputs, weight), gradient),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("kernel", "dilation", "stride"), CASES)
def test_second_derivatives_are_finite_differences(kernel, dilation, stride):
    inputs, weight = tensors(kernel, (4, 5), count=2)

    def action(inputs, weight):
        return depthwise(inputs, weight, stride=stride, dilation=dilation)

    assert torch.autograd.gradcheck(action, (inputs, weight))
    assert torch.autograd.gradgradcheck(action, (inputs, weight))


def test_a_gradient_that_nobody_asks_for_is_not_computed():
    inputs, weight = tensors(5, (8, 8))
    outputs = depthwise(inputs.detach(), weight, dilation=2)
    (found,) = torch.autograd.grad(outputs.sum(), weight)
    assert found.shape == weight.shape
    assert depthwise(inputs.detach(), weight.detach()).requires_grad is False
