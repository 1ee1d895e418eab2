"""Smallest eigenvalues of the correlations between channels, module by module."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._functorch import is_functorch_wrapped_tensor

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.layers import hookable
from harness.measurements.own_weights import Tensors, call_with, generator_for, given_tensors
from harness.setting import Setting

SIDE = 64


def channel_correlations(network: nn.Module, batch: Batch, setting: Setting) -> tuple[float, ...]:
    """For each call of a module with channels over positions, λ_min of the correlation matrix of its channels.

    On one standard normal image, 64 × 64 with the batch's channels. Containers count as layers do, so that the output
    of an `nn.Sequential` counts once for its last layer and once for the container.

    Raises:
        NotApplicable: when the batch holds no images, the network takes none of that size, or no module has channels.

    Cost: one forward pass of one sample without a graph, in the memory of all modules' outputs, and one eigenvalue
    problem for each module, of the size of its channels.
    """
    given = batch.only_argument
    if given.ndim != 4:
        raise NotApplicable(f"a random image of side {SIDE} is fed; the batch has inputs {list(given.shape)}")
    generator = generator_for(setting, "channel correlations")
    shape = (1, given.shape[1], SIDE, SIDE)
    image = torch.randn(shape, generator=generator, dtype=torch.float32, device="cpu").to(given)
    return correlations_of(network, given_tensors(network), image)


def correlations_of(network: nn.Module, tensors: Tensors, inputs: Tensor) -> tuple[float, ...]:
    """λ_min for each call of a module on these inputs [N, ...], computed from the first sample's output."""
    return smallest_eigenvalues(channel_features(network, tensors, inputs))


def channel_features(network: nn.Module, tensors: Tensors, inputs: Tensor) -> list[Tensor]:
    """For each call of a module with channels over positions, its output [C, positions] for the first input.

    Where a container passes on the output of its last layer, the list holds that layer's tensor twice.

    Args:
        network: network in the batch norm mode of the measurement.
        tensors: parameters and buffers of the network.
        inputs: inputs of the network, [N, ...].
    """
    found: list[Tensor] = []
    last: tuple[Any, int] = (None, 0)

    def record(module: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        nonlocal last
        if is_functorch_wrapped_tensor(output):
            raise NotApplicable(f"{type(module).__name__} is called inside torch.func, for samples one by one")
        if isinstance(output, Tensor) and output.ndim > 2:
            # a container passes on its last layer's output: the same tensor, not changed since
            same = output is last[0] and output._version == last[1]
            # a copy, since what follows may work in place
            found.append(found[-1] if same else output[0].flatten(1).clone())
            last = (output, output._version)

    with ExitStack() as stack, torch.no_grad():
        for _, module in hookable(network):
            stack.callback(module.register_forward_hook(record).remove)
        call_with(network, tensors, inputs)
    return found


def smallest_eigenvalues(features: list[Tensor]) -> tuple[float, ...]:
    """λ_min of each of these features [C, positions]; a tensor that directly repeats is computed once.

    Raises:
        NotApplicable: when the list is empty.
        NotFinite: when the features hold NaN or infinity.
    """
    if not features:
        raise NotApplicable("no module puts out channels over positions, [N, C, ...]: there is nothing to correlate")
    found: list[float] = []
    for place, each in enumerate(features):
        known = place > 0 and each is features[place - 1]
        found.append(found[-1] if known else smallest_eigenvalue(finite(each, "outputs of the network's modules")))
    return tuple(found)


def smallest_eigenvalue(features: Tensor) -> float:
    """λ_min of the correlation matrix of the rows of [C, positions]; correlations with a constant row are 0."""
    rows = features.double()
    constant = rows.amax(dim=1) == rows.amin(dim=1)
    centred = rows - rows.mean(dim=1, keepdim=True)
    centred[constant] = 0
    norms = centred.norm(dim=1, keepdim=True)
    unit = centred / torch.where(constant[:, None], torch.ones_like(norms), norms)
    return float(torch.linalg.eigvalsh(unit @ unit.T)[0])
