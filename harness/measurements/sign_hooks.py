"""Hooks that make determinants of the signs of gradients behind ReLUs, while a backward pass holds these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn.modules.conv import _ConvNd

from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.forward import Forward, LayerCall

SignNorms = dict[int, "float | NotApplicable"]
"""By the place of a call among all calls of layers: the norm, or the reason why there is none."""


def calls_behind_relus(forward: Forward) -> dict[int, LayerCall]:
    """Calls of trainable convolutions that read what an `nn.ReLU` gave, by their place among all calls of layers."""
    given = {(call.output.data_ptr(), call.output.shape): call.version for call in forward.activations}
    return {
        place: call
        for place, call in enumerate(forward.calls)
        if isinstance(call.module, _ConvNd)
        and call.inputs is not None
        and given.get((call.inputs.data_ptr(), call.inputs.shape)) == call.version
    }


def holds_square_matrices(shape: torch.Size) -> bool:
    """Whether a tensor of this shape is [..., ..., k, k]: matrices over two leading axes or more."""
    return len(shape) > 3 and shape[-1] == shape[-2]


@contextmanager
def recorded_sign_norms(forward: Forward | None) -> Iterator[SignNorms]:
    """Inside, a backward pass fills in the norms of the calls that it reaches; none for None.

    The gradient of a call is the one by its input through the call alone, and through the ReLU: 0 where that is 0.
    """
    norms: SignNorms = {}
    handles = []
    for place, call in (calls_behind_relus(forward) if forward else {}).items():
        if call.edge is not None and call.inputs is not None and holds_square_matrices(call.inputs.shape):
            handles.append(call.edge.node.register_hook(_recorder(call, place, norms)))
    try:
        yield norms
    finally:
        for handle in handles:
            handle.remove()


def _recorder(
    call: LayerCall, place: int, norms: SignNorms
) -> Callable[[tuple[Tensor | None, ...], tuple[Tensor | None, ...]], None]:
    def record(gradients: tuple[Tensor | None, ...], arriving: tuple[Tensor | None, ...]) -> None:
        assert call.edge is not None
        assert call.inputs is not None
        plain = call.edge.node.name().startswith("ConvolutionBackward")
        gradient = gradients[0] if plain else None
        if not plain or (gradient is not None and gradient.shape != call.inputs.shape):
            norms[place] = NotApplicable(
                f"layer {call.name!r} is more than a convolution of what it reads: the gradient by that is not seen"
            )
        elif gradient is not None:
            with torch.no_grad():
                norms[place] = sign_norm(finite(gradient, "the logits' gradients") * (call.inputs > 0))

    return record


def sign_norm(gradient: Tensor, absolute: bool = False) -> float:
    """Frobenius norm ‖σ(log det S)‖ over the square matrices S of the signs of a gradient [..., k, k].

    A determinant is a whole number d, so that σ(log d) = d / (1 + d). A singular matrix counts σ(−∞) = 0, and a
    negative determinant σ(0) = 1/2, or σ(log |d|) where `absolute`.

    >>> sign_norm(torch.tensor([3.0, -2.0, 0.0]).reshape(3, 1, 1, 1)) ** 2  # 1x1: 1/2 for each sign, 0 for 0
    0.5
    """
    factors, pivots, _ = torch.linalg.lu_factor_ex(gradient.sign().double().flatten(0, -3))
    diagonal = factors.diagonal(dim1=-2, dim2=-1)
    sizes = diagonal.abs()
    side = diagonal.shape[-1]
    rounding = side**2 * torch.finfo(torch.float64).eps * sizes.amax(dim=-1)
    values = sizes.log().sum(dim=-1).sigmoid()
    if not absolute:
        swaps = (pivots != torch.arange(1, side + 1, device=pivots.device)).sum(dim=-1)
        negative = (swaps + (diagonal < 0).sum(dim=-1)) % 2 == 1
        values = values.masked_fill(negative, 0.5)
    return float(values.masked_fill(sizes.amin(dim=-1) <= rounding, 0).norm())
