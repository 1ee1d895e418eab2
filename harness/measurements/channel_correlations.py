"""Feature maps of one image, module by module: correlations between channels, and ratios of singular values."""

from __future__ import annotations

from collections.abc import Callable
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
SAMPLED = 8
"""Channels of which `sampled_correlations` takes the correlations."""


def image_features(network: nn.Module, batch: Batch, setting: Setting) -> list[Tensor]:
    """For each call of a module with channels over positions, its output [C, positions] for one image.

    One standard normal image, 64 × 64 with the batch's channels. Containers count as layers do, so that the output of
    an `nn.Sequential` is there once for its last layer and once for the container.

    Raises:
        NotApplicable: when the batch holds no images, the network takes none of that size, or no module has channels.
        NotFinite: when an output holds NaN or infinity.

    Cost: one forward pass of one sample without a graph, in the memory of all modules' outputs.
    """
    given = batch.only_argument
    if given.ndim != 4:
        raise NotApplicable(f"a random image of side {SIDE} is fed; the batch has inputs {list(given.shape)}")
    generator = generator_for(setting, "channel correlations")
    shape = (1, given.shape[1], SIDE, SIDE)
    image = torch.randn(shape, generator=generator, dtype=torch.float32, device="cpu").to(given)
    return checked(channel_features(network, given_tensors(network), image))


def channel_correlations(image_features: list[Tensor]) -> tuple[float, ...]:
    """For each of the features of one image, λ_min of the correlation matrix of its channels.

    Cost: one eigenvalue problem for each module, of the size of its channels.
    """
    return of_each(smallest_eigenvalue, image_features)


def sampled_correlations(image_features: list[Tensor], setting: Setting) -> tuple[float, ...]:
    """As `channel_correlations`, of 8 channels drawn without replacement, times C / 8; of all where there are fewer.

    Cost: one eigenvalue problem of size 8 for each module.
    """
    generator = generator_for(setting, "sampled channels")
    found = []
    for features in image_features:
        channels = len(features)
        drawn = torch.randperm(channels, generator=generator, device="cpu")[:SAMPLED].to(features.device)
        found.append(smallest_eigenvalue(features[drawn]) * channels / len(drawn))
    return tuple(found)


def inverse_conditions(image_features: list[Tensor]) -> tuple[float, ...]:
    """For each of the features of one image, its smallest singular value over its largest; 0 for features of zeros.

    A ratio below 1e-8 is lost in rounding: the squares of the singular values are found.

    Cost: one eigenvalue problem for each module, of the size of its channels.
    """
    return of_each(inverse_condition, image_features)


def correlations_of(network: nn.Module, tensors: Tensors, inputs: Tensor) -> tuple[float, ...]:
    """λ_min for each call of a module on these inputs [N, ...], computed from the first sample's output."""
    return of_each(smallest_eigenvalue, checked(channel_features(network, tensors, inputs)))


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
        if isinstance(output, Tensor) and is_functorch_wrapped_tensor(output):
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


def checked(features: list[Tensor]) -> list[Tensor]:
    """These features [C, positions], if there are any.

    Raises:
        NotApplicable: when the list is empty.
        NotFinite: when the features hold NaN or infinity.
    """
    if not features:
        raise NotApplicable("no module puts out channels over positions, [N, C, ...]: there is nothing to correlate")
    for place, each in enumerate(features):
        if place == 0 or each is not features[place - 1]:
            finite(each, "outputs of the network's modules")
    return features


def of_each(number: Callable[[Tensor], float], features: list[Tensor]) -> tuple[float, ...]:
    """A number of each of these features; that of a tensor that directly repeats is computed once."""
    found: list[float] = []
    for place, each in enumerate(features):
        found.append(found[-1] if place > 0 and each is features[place - 1] else number(each))
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


def inverse_condition(features: Tensor) -> float:
    """The smallest singular value of [C, positions] over the largest; 0 for zeros.

    >>> round(inverse_condition(torch.tensor([[3.0, 0.0, 0.0], [0.0, 4.0, 0.0]])), 6)
    0.75
    """
    rows = features.double()
    rows = rows if rows.shape[0] <= rows.shape[1] else rows.T
    squares = torch.linalg.eigvalsh(rows @ rows.T).clamp(min=0)  # much quicker than a decomposition of the rows
    return float((squares[0] / squares[-1]).sqrt()) if float(squares[-1]) > 0 else 0.0
