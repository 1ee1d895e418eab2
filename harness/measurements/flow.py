"""Synaptic flow (Tanaka et al. 2020): a pass with inputs of ones through the absolute values of a network's weights."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.forward import nothing_hidden, trainable
from harness.measurements.layers import check_plain_batch_norm
from harness.measurements.modules import named_buffers, named_parameters
from harness.measurements.overridden import overridden_forward
from harness.measurements.replaced import replaced
from harness.measurements.weights import weights


class Flow(NamedTuple):
    """Synaptic flow of one weight W.

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

    Raises:
        NotApplicable: when batch norm is called as a function, or has a forward pass of its own, so that it cannot be
            taken out; or as for `synaptic_flow_bn`.

    Cost: one forward and one backward pass of the smallest batch, one sample where samples are independent, in float64.
    """
    check_plain_batch_norm(network, "be taken out")
    with overridden_forward(network, lambda module: _identity if isinstance(module, _BatchNorm) else None):
        flow, batch_norms = _flow(network, batch)
    if batch_norms:
        raise NotApplicable(f"batch norm is called as a function {batch_norms} times, which cannot be taken out")
    return flow


def synaptic_flow_bn(network: nn.Module, batch: Batch) -> dict[str, Flow]:
    """As `synaptic_flow`, but with batch norm in place, in the mode of the setting.

    Raises:
        NotApplicable: when the outputs depend on no weight, the network does not take such a pass, or batch norm in
            train mode has a single value per channel, so that no variance is defined.

    Cost: one forward and one backward pass of one sample, in float64.
    """
    return _flow(network, batch)[0]


def _flow(network: nn.Module, batch: Batch) -> tuple[dict[str, Flow], int]:
    """Synaptic flow by weight name, and the number of calls of batch norm.

    The pass takes absolute values in float64 of all parameters and buffers.
    """
    state = {
        name: tensor.detach().double().abs() if tensor.is_floating_point() else tensor.detach().clone()
        for name, tensor in [*named_parameters(network).items(), *named_buffers(network).items()]
    }
    for name in trainable(network):
        state[name].requires_grad_()
    chosen = {name: state[name] for name in weights(network)}
    ones = [
        torch.ones_like(each, dtype=torch.float64) if each.is_floating_point() else each.clone()
        for each in batch.smallest()
    ]
    with replaced(network, state, "a pass of one sample of ones with absolute weights in float64") as watch:
        outputs = network(*ones)
        if not isinstance(outputs, Tensor):
            raise NotApplicable(f"the network gave {type(outputs).__name__}, not a tensor of outputs to sum up")
        if not outputs.requires_grad:
            raise NotApplicable("the outputs do not depend on any trainable parameter")
        calls = watch.batch_norms
        with nothing_hidden(state.values()):
            gradients = torch.autograd.grad(
                outputs.sum(), list(chosen.values()), allow_unused=True, materialize_grads=True
            )
    flow = {
        name: Flow(weight.detach(), gradient)
        for (name, weight), gradient in zip(chosen.items(), gradients, strict=True)
    }
    return flow, calls


def _identity(inputs: Tensor) -> Tensor:
    return inputs.clone()  # what follows may work in place, and batch norm's input may be read elsewhere
