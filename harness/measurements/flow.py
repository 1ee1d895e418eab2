"""Synaptic flow (Tanaka et al. 2020): a pass with inputs of ones through the absolute values of a network's weights."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.gradient import weights
from harness.measurements.overridden import overridden_forward


class Flow(NamedTuple):
    """Synaptic flow of the weight W of one convolution or linear layer.

    Attributes:
        weight: |W|, in float64.
        gradient: ∂R/∂|W|, of the shape of W.
    """

    weight: Tensor
    gradient: Tensor


def synaptic_flow(network: nn.Module, batch: Batch) -> dict[str, Flow]:
    """|W| and ∂R/∂|W| by weight name, R the outputs' sum for an input of ones; without batch norm.

    Modules of PyTorch's batch norm family pass their input on unchanged; other norm layers stay, as in the authors'
    code.

    Cost: one forward and one backward pass of the smallest batch, one sample where samples are independent, in float64.
    """
    with overridden_forward(network, lambda module: _identity if isinstance(module, _BatchNorm) else None):
        return _flow(network, batch)


def synaptic_flow_bn(network: nn.Module, batch: Batch) -> dict[str, Flow]:
    """As `synaptic_flow`, but with batch norm in place, in the mode of the setting.

    Raises:
        NotApplicable: when batch norm in train mode has a single value per channel, so that no variance is defined.

    Cost: one forward and one backward pass of one sample, in float64.
    """
    try:
        return _flow(network, batch)
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise NotApplicable("batch norm in train mode has one value per channel on the one sample of ones") from error


def _flow(network: nn.Module, batch: Batch) -> dict[str, Flow]:
    """Synaptic flow by weight name; the pass takes absolute values in float64 of all parameters and buffers."""
    state = {
        name: tensor.detach().double().abs() if tensor.is_floating_point() else tensor.detach().clone()
        for name, tensor in [*network.named_parameters(), *network.named_buffers()]
    }
    chosen = {name: state[name].requires_grad_() for name in weights(network)}
    ones = [
        torch.ones_like(each, dtype=torch.float64) if each.is_floating_point() else each for each in batch.smallest()
    ]
    outputs = functional_call(network, state, tuple(ones))
    if not isinstance(outputs, Tensor):
        raise NotApplicable(f"the network gave {type(outputs).__name__}, not a tensor of outputs to sum up")
    if outputs.requires_grad:
        gradients = torch.autograd.grad(outputs.sum(), list(chosen.values()), allow_unused=True, materialize_grads=True)
    else:
        gradients = tuple(torch.zeros_like(weight) for weight in chosen.values())
    return {
        name: Flow(weight.detach(), gradient)
        for (name, weight), gradient in zip(chosen.items(), gradients, strict=True)
    }


def _identity(inputs: Tensor) -> Tensor:
    return inputs.clone()  # what follows may work in place, and batch norm's input may be read elsewhere
