"""Hooks that form products of a layer's outputs and the gradients by them, while a backward pass holds these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from harness.errors import NotApplicable
from harness.measurements.forward import Forward, LayerCall
from harness.measurements.layers import LAYERS
from harness.measurements.products import holds


class ChannelProducts(NamedTuple):
    """Products of the outputs of one call of a convolution or linear layer and the loss's gradients by them.

    Attributes:
        products: products [N, C], Σ_positions a ⊙ ∂L/∂a for the call's outputs a, by sample and output channel.
        weights_per_channel: number of the layer's weights that one output channel is computed with.
    """

    products: Tensor
    weights_per_channel: int


Products = list[ChannelProducts | NotApplicable]


@contextmanager
def recorded_products(forward: Forward | None) -> Iterator[Products]:
    """Inside, a backward pass fills the list: the products of each call, or the reason why there are none.

    Nothing is recorded for None.
    """
    products: Products = []
    handles = []
    samples = len(forward.batch) if forward else 0
    for call in forward.calls if forward else ():
        if not isinstance(call.module, LAYERS):
            continue
        if call.edge is None:
            name = call.name or "the network itself"
            products.append(NotApplicable(f"layer {name!r} does not map one tensor to one that can be differentiated"))
        else:
            handles.append(call.edge.node.register_prehook(_recorder(call, samples, products)))
    try:
        yield products
    finally:
        for handle in handles:
            handle.remove()


def _recorder(call: LayerCall, samples: int, products: Products) -> Callable[[tuple[Tensor | None, ...]], None]:
    def record(gradients: tuple[Tensor | None, ...]) -> None:
        assert call.edge is not None
        gradient = gradients[call.edge.output_nr]
        if gradient is not None:
            products.append(_products(call, gradient, samples))

    return record


@torch.no_grad()
def _products(call: LayerCall, gradient: Tensor, samples: int) -> ChannelProducts | NotApplicable:
    module = call.module
    assert isinstance(module, (_ConvNd, nn.Linear))
    try:
        output = output_of(call)
    except NotApplicable as error:
        return error
    if output.ndim < 2 or len(output) != samples:
        return NotApplicable(f"layer {call.name!r} gives {list(output.shape)}, not a row for each of {samples} samples")
    products = _by_channel(module, output, gradient)
    if not holds(products):
        products = _by_channel(module, output.double(), gradient.double())
    return ChannelProducts(products, module.weight.numel() // products.shape[1])


def _by_channel(module: nn.Module, output: Tensor, gradient: Tensor) -> Tensor:
    """Sums over positions of the products, [N, C]."""
    products = output * gradient
    if products.ndim > 2:
        channel = products.ndim - 1 if isinstance(module, nn.Linear) else 1
        products = products.movedim(channel, 1).flatten(2).sum(dim=2)
    return products


def output_of(call: LayerCall) -> Tensor:
    """The output of a call of a convolution or a linear layer; computed again where it was changed in place afterwards.

    Raises:
        NotApplicable: when it was, and cannot be computed again.
    """
    module, output = call.module, call.output
    assert output is not None
    assert call.inputs is not None
    if output._version == call.output_version:
        return output
    if call.inputs._version != call.version:  # an in-place activation
        raise NotApplicable(f"input and output of layer {call.name!r} were both changed in place afterwards")
    if module._forward_hooks or module._forward_pre_hooks:
        raise NotApplicable(
            f"layer {call.name!r} has hooks and its output was changed in place: it is not computed again"
        )
    again: Tensor = module.forward(call.inputs)
    return again
