"""The curve that the outputs run through while the input goes round a circle of a random plane."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.errors import NotApplicable, ran_out_of_memory
from harness.measurements.finite import finite
from harness.measurements.modules import named_buffers, named_parameters
from harness.measurements.own_weights import generator_for
from harness.measurements.replaced import replaced
from harness.setting import Setting

COORDINATES = 10
"""Outputs whose curve is followed; all where there are fewer."""


class OutputCurve(NamedTuple):
    """Derivatives of outputs f(x(θ)) by the angle θ, at θ = 0.

    Attributes:
        velocity: first derivatives, [D] in float64.
        acceleration: second derivatives, [D] in float64.
    """

    velocity: Tensor
    acceleration: Tensor


def output_curve(network: nn.Module, batch: Batch, setting: Setting) -> OutputCurve:
    """First and second derivative of D = 10 outputs along x(θ) = u cos θ + v sin θ, at θ = 0.

    u and v are an orthonormal basis of a random plane of images, of the size and channels of the batch's.

    Raises:
        NotApplicable: when the batch holds no images, the network takes no single one, or has no second derivative.
        NotFinite: when a derivative is NaN or infinite.

    Cost: one forward pass of one sample, and four backward passes through it and through each other.
    """
    given = batch.only_argument
    if given.ndim != 4:
        raise NotApplicable(f"a curve of images is fed; the batch has inputs {list(given.shape)}")
    generator = generator_for(setting, "output curve")
    shape = given.shape[1:]
    drawn = torch.randn(shape.numel(), 2, generator=generator, dtype=torch.float64, device="cpu")
    plane = torch.linalg.qr(drawn).Q.to(given)
    tensors = {
        name: tensor.detach().clone()
        for name, tensor in [*named_parameters(network).items(), *named_buffers(network).items()]
    }
    angle = torch.zeros((), dtype=given.dtype, device=given.device, requires_grad=True)
    with replaced(network, tensors, f"one random image {[1, *shape]}"), torch.enable_grad():
        image = plane[:, 0] * angle.cos() + plane[:, 1] * angle.sin()
        outputs = network(image.reshape(1, *shape))
        if not isinstance(outputs, Tensor) or not outputs.requires_grad:
            raise NotApplicable("the outputs do not change with the input")
        flat = outputs.flatten()
        places = torch.randperm(len(flat), generator=generator, device="cpu")[:COORDINATES].to(flat.device)
        followed = flat[places]
    # outside, where each operation is not looked at; the replaced tensors have the values of the network's own
    curve = _derivatives(followed, angle)
    for derivative in curve:
        finite(derivative, "derivatives of the outputs along a curve")
    return curve


def _derivatives(outputs: Tensor, angle: Tensor) -> OutputCurve:
    """Both derivatives of [D] outputs: those of wᵀ outputs are linear in w, and their slopes are one pass more."""
    with torch.enable_grad():
        weights = torch.zeros_like(outputs, requires_grad=True)
        try:
            (along,) = torch.autograd.grad(outputs @ weights, angle, create_graph=True)
            (velocity,) = torch.autograd.grad(along, weights, retain_graph=True)
            (twice,) = torch.autograd.grad(along, angle, create_graph=True, allow_unused=True, materialize_grads=True)
            (acceleration,) = torch.autograd.grad(twice, weights, allow_unused=True, materialize_grads=True)
        except RuntimeError as error:
            if ran_out_of_memory(error):
                raise
            raise NotApplicable(f"the outputs have no second derivative by the inputs: {error}") from error
    return OutputCurve(velocity.detach().double(), acceleration.detach().double())
